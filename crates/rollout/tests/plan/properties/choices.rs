//! A world made of a row of bytes: each is a choice, and zero is the plainest.

use std::collections::BTreeMap;

use rollout::{
    Colour, ConditionStatus, Failed, GateState, GateStatus, OnFailure, Phase, Reason, ServiceStatus, Span,
    Status, Time, WorkloadStatus,
    observed::{
        Answers, Autoscaler, Deployment, DeploymentObstacle, Endpoint, Live, Mark, Owner, Pod, Route,
    },
};

use crate::world::{Blue, Green, World, approval, breakers, http, service, shop_and_till};

/// The choices that are left.
pub(crate) struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    pub(crate) fn world(mut self) -> World {
        let mut world = shop_and_till().with_service("admin", service()).stands_still(self.odds(2));
        if self.odds(3) {
            let preview = self.maybe(3, Self::route);
            world = world.with_preview(preview);
        }
        world.spec.active = self.colour();
        world.spec.paused = self.odds(4);
        world.spec.attempt = i64::from(self.odds(4));
        world.spec.verify.min_ready_percent = self.pick([100, 1, 50]);
        world.spec.idle.replicas = self.pick([0, 1, 3]);
        world.spec.idle.after = self.pick([Span::secs(300), Span::default()]);
        world.spec.drain.max = self.pick([Span::secs(60), Span::default()]);
        world.spec.on_failure = self.pick([OnFailure::SwitchBack, OnFailure::Hold]);
        world.spec.gates.before = self.pick([vec![], vec![http("one")], vec![approval("two"), http("one")]]);
        world.spec.gates.after = self.pick([vec![], vec![breakers("three")], vec![approval("four")]]);
        for name in ["shop", "till"] {
            for colour in Colour::BOTH {
                *world.side_mut(name, colour) = self.side(name, colour);
            }
        }
        for name in ["shop", "admin", "till"] {
            let workload = if name == "till" { "till" } else { "shop" };
            let routes = &mut world.seen.workloads.get_mut(workload).expect("a workload").routes;
            routes.insert(name.to_owned(), self.route());
            if self.odds(20) {
                routes.remove(name);
            }
        }
        world.status = self.status();
        world.seen.gates =
            ["one", "three"].into_iter().map(|name| (name.to_owned(), self.answers())).collect();
        world.seen.approvals =
            BTreeMap::from([("two".into(), self.text()), ("four".into(), "release".into())]);
        world.seen.live = self.maybe(3, |choices| choices.live(&world));
        world
    }

    fn next(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }

    fn pick<T, const N: usize>(&mut self, of: [T; N]) -> T {
        let at = usize::from(self.next()) % N;
        of.into_iter().nth(at).expect("one of them")
    }

    /// Once in so many times.
    fn odds(&mut self, of: u8) -> bool {
        self.next() % of == of - 1
    }

    fn maybe<T>(&mut self, of: u8, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.odds(of).then(|| make(self))
    }

    fn colour(&mut self) -> Colour {
        self.pick(Colour::BOTH)
    }

    /// Around the world's now.
    fn time(&mut self) -> Time {
        let seconds = self.pick([0, -1, 1, -10, 10, -100, 100, -1000, 1000]);
        Time::from_millis(1_000_000 + seconds * 1000)
    }

    fn text(&mut self) -> String {
        let (text, times) = self.pick([("", 0), ("words", 1), ("é", 3000), ("release", 1)]);
        text.repeat(times)
    }

    fn side(&mut self, workload: &str, colour: Colour) -> Option<Deployment> {
        let name = format!("{workload}-{colour}");
        let pods = self.pick([2, 0, 1, 3]);
        let pods = (0..pods).map(|n| self.pod(format!("{name}-{n}"))).collect();
        let side = Deployment {
            version: "1".into(),
            template: self.pick([String::new(), "one".into(), "x".repeat(99)]),
            app: None,
            images: vec![self.text(); 20],
            replicas: self.pick([2, 0, 1, 3, i32::MAX]),
            max_unavailable: self.pick([0, 1, i32::MIN, i32::MAX]),
            settled: !self.odds(6),
            seal: 1,
            sealed: !self.odds(6),
            pods,
            autoscaler: self.maybe(4, |choices| Autoscaler {
                name: format!("scaler-{name}"),
                version: "1".into(),
                min: choices.pick([1, 2, 5]),
                max: choices.pick([9, 2, 1]),
                former: choices.maybe(3, |choices| choices.pick([1, 3])),
                raised: choices.maybe(3, |choices| choices.pick([2, 5])),
            }),
            references: self.maybe(6, |_| "legacy".to_owned()).into_iter().collect(),
            obstacle: self.maybe(20, |choices| DeploymentObstacle::Overlaps(choices.text())),
            refused: self.maybe(20, Self::text),
        };
        (!self.odds(20)).then_some(side)
    }

    fn pod(&mut self, name: String) -> Pod {
        Pod {
            name,
            current: !self.odds(8),
            ready_since: if self.odds(4) { None } else { Some(self.time()) },
            available: !self.odds(8),
            deleting: self.odds(8),
            unfit: self.maybe(10, Self::text),
            waits: self.maybe(2, Self::text),
            drained: self.odds(2),
        }
    }

    fn route(&mut self) -> Route {
        let points_at = if self.odds(8) { None } else { Some(self.colour()) };
        let owner = self.pick([Owner::This, Owner::This, Owner::Nobody, Owner::Other("market".into())]);
        let colour = points_at.filter(|_| !self.odds(8)).unwrap_or(Blue);
        Route {
            version: "1".into(),
            points_at,
            mark: self.maybe(2, |choices| Mark { owner, colour, n: choices.pick([1, 7]) }),
            manager: self.text(),
            adopt: self.odds(2),
            unsuitable: self.maybe(20, Self::text),
            rival: self.maybe(20, Self::text),
            sealed: !self.odds(6),
            evidence: (0..self.pick([2, 0, 1])).map(|n| self.endpoint(n)).collect(),
            refused: self.maybe(20, Self::text),
        }
    }

    fn endpoint(&mut self, n: usize) -> Endpoint {
        let colour = self.pick([Some(Blue), Some(Green), None]);
        let pod = colour.map_or("else".into(), |colour| format!("shop-{colour}-{n}"));
        Endpoint { pod, colour, ready: !self.odds(4) }
    }

    fn answers(&mut self) -> Answers {
        Answers {
            good_since: self.maybe(2, Self::time),
            asked: self.maybe(2, Self::time),
            bad: self.maybe(6, Self::text),
            unknown: self.maybe(4, Self::text),
        }
    }

    fn live(&mut self, world: &World) -> Live {
        let mut live = world.quorum();
        live.refused = self.maybe(10, |choices| ("shop".to_owned(), choices.text())).into_iter().collect();
        if self.odds(6) {
            live.references.clear();
        }
        live
    }

    fn status(&mut self) -> Status {
        let phase = self.pick(Phase::ALL);
        Status {
            active: None,
            phase,
            held_in: (phase == Phase::Held).then(|| self.pick(Phase::ALL)),
            since: self.maybe(2, Self::time),
            release: self.maybe(2, |_| "release".to_owned()),
            release_attempt: i64::from(self.odds(4)),
            to: self.maybe(2, Self::colour),
            deadline: self.maybe(2, Self::time),
            deadline_stopped: self.maybe(4, Self::time),
            undo: self.odds(4),
            began: self.maybe(2, Self::time),
            cause: self.maybe(2, |choices| choices.pick([Reason::Broken, Reason::Aborted])),
            returning: self.odds(4),
            returned: self.odds(4),
            way_back: self.odds(2),
            draining_since: self.maybe(2, Self::time),
            drained_at: self.maybe(2, Self::time),
            services: ["shop", "till", "gone"].map(|name| self.service(name)).into(),
            workloads: ["till", "gone"].map(|name| self.workload(name)).into(),
            gates: ["one", "two", "three", "gone"].map(|name| self.gate(name)).into(),
            failed: self.maybe(3, Self::failed),
            conditions: vec![rollout::Condition {
                kind: "Ready".into(),
                status: ConditionStatus::True,
                reason: String::new(),
                message: String::new(),
                last_transition_time: self.time(),
                observed_generation: 0,
            }],
            ..Status::default()
        }
    }

    fn service(&mut self, name: &str) -> ServiceStatus {
        ServiceStatus {
            workload: "shop".into(),
            name: name.into(),
            active: None,
            endpoints: 0,
            pointed_at: self.maybe(2, Self::time),
            recorded: self.maybe(2, |choices| choices.pick([2, 0, 1, 9, i32::MIN, i32::MAX])),
            proven: self.odds(2),
            dark_since: self.maybe(3, Self::time),
        }
    }

    fn workload(&mut self, name: &str) -> WorkloadStatus {
        let template = self.pick(["", "one"]).to_owned();
        let served = self.pick(["", "one"]).to_owned();
        WorkloadStatus { name: name.into(), full: self.pick([0, 2, 5, i32::MAX]), template, served }
    }

    fn gate(&mut self, name: &str) -> GateStatus {
        let state = self.pick([GateState::Running, GateState::Passed, GateState::Failed]);
        GateStatus { name: name.into(), state, since: self.time(), message: String::new() }
    }

    fn failed(&mut self) -> Failed {
        Failed {
            to: self.colour(),
            template: String::new(),
            gate: None,
            gate_name: self.maybe(2, |choices| choices.pick(["one", "three", "gone"]).to_owned()),
            attempt: i64::from(self.odds(4)),
            reason: Reason::GateFailed,
            message: self.text().chars().take(1024).collect(),
        }
    }
}
