//! A small world around one BlueGreen: what is wished and seen of it, controllers that do their part at once unless told
//! otherwise, and a clock that is moved by hand.

mod controllers;
mod makers;

use std::collections::BTreeMap;

pub(crate) use rollout::Colour::{Blue, Green};
use rollout::{
    BlueGreenSpec, Change, Colour, Gate, Object, Observed, Phase, Plan, Reason, Requeue, Span, Status, Time,
    Write,
    observed::{Answer, Deployment, Route, Workload},
};
use serde_json::json;

pub(crate) use self::makers::*;

/// What is wished, remembered and seen; and whether the controllers do their part.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) spec: BlueGreenSpec,
    pub(crate) status: Status,
    pub(crate) seen: Observed,
    pub(crate) now: Time,
    /// All that was written since the last look.
    pub(crate) written: Vec<Write>,
    pub(crate) requeue: Requeue,
    pods_get_ready: bool,
    slices_follow: bool,
    stands_still: bool,
}

/// A workload `shop` with a Service `shop`: blue serves with two pods, and is wished; green has none.
pub(crate) fn shop() -> World {
    world(&["shop"])
}

/// The same twice: `shop` and `till`.
pub(crate) fn shop_and_till() -> World {
    world(&["shop", "till"])
}

fn world(names: &[&str]) -> World {
    let declared: Vec<_> = names.iter().map(|name| declared(name, &[name])).collect();
    let spec = serde_json::from_value(json!({"active": "blue", "workloads": declared})).expect("a spec");
    let mut world = World {
        spec,
        status: Status::default(),
        seen: Observed { uid: "uid".into(), generation: 1, ..Observed::default() },
        now: Time::from_millis(1_000_000),
        written: vec![],
        requeue: Requeue::Never,
        pods_get_ready: true,
        slices_follow: true,
        stands_still: false,
    };
    for name in names {
        world.seen.workloads.insert(
            (*name).to_owned(),
            Workload {
                blue: Some(deployment(2)),
                green: Some(deployment(0)),
                routes: BTreeMap::from([((*name).to_owned(), service())]),
                preview: None,
            },
        );
    }
    world.controllers();
    world
}

fn declared(name: &str, services: &[&str]) -> serde_json::Value {
    json!({
        "name": name,
        "blue": {"deployment": format!("{name}-blue")},
        "green": {"deployment": format!("{name}-green")},
        "services": services.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
    })
}

fn deployment(replicas: i32) -> Deployment {
    Deployment {
        version: "1".into(),
        template: "one".into(),
        images: vec!["shop:1".into()],
        replicas,
        max_unavailable: 1,
        settled: true,
        sealed: true,
        ..Deployment::default()
    }
}

/// A Service that was there before and selects blue.
pub(crate) fn service() -> Route {
    Route {
        version: "1".into(),
        points_at: Some(Blue),
        manager: "kubectl".into(),
        sealed: true,
        ..Route::default()
    }
}

impl World {
    // What is wished.

    pub(crate) fn wish(mut self, colour: Colour) -> Self {
        self.spec.active = colour;
        self.changed()
    }

    pub(crate) fn paused(mut self, paused: bool) -> Self {
        self.spec.paused = paused;
        self.changed()
    }

    pub(crate) fn attempt(mut self, attempt: i64) -> Self {
        self.spec.attempt = attempt;
        self.changed()
    }

    pub(crate) fn spec(mut self, change: impl FnOnce(&mut BlueGreenSpec)) -> Self {
        change(&mut self.spec);
        self.changed()
    }

    pub(crate) fn before(self, gate: Gate) -> Self {
        self.spec(|spec| spec.gates.before.push(gate))
    }

    pub(crate) fn after(self, gate: Gate) -> Self {
        self.spec(|spec| spec.gates.after.push(gate))
    }

    fn changed(mut self) -> Self {
        self.seen.generation += 1;
        self
    }

    // What is seen.

    pub(crate) fn side(
        mut self,
        workload: &str,
        colour: Colour,
        change: impl FnOnce(&mut Deployment),
    ) -> Self {
        let side = self.side_mut(workload, colour).as_mut().expect("a side");
        change(side);
        bump(&mut side.version);
        self.references();
        self
    }

    pub(crate) fn side_mut(&mut self, workload: &str, colour: Colour) -> &mut Option<Deployment> {
        let workload = self.seen.workloads.get_mut(workload).expect("a workload");
        match colour {
            Blue => &mut workload.blue,
            Green => &mut workload.green,
        }
    }

    pub(crate) fn blue(self, change: impl FnOnce(&mut Deployment)) -> Self {
        self.side("shop", Blue, change)
    }

    pub(crate) fn green(self, change: impl FnOnce(&mut Deployment)) -> Self {
        self.side("shop", Green, change)
    }

    pub(crate) fn service(mut self, name: &str, change: impl FnOnce(&mut Route)) -> Self {
        let route = self.route_mut(name);
        change(route);
        bump(&mut route.version);
        self.controllers();
        self
    }

    pub(crate) fn gone(mut self, name: &str) -> Self {
        for workload in self.seen.workloads.values_mut() {
            workload.routes.remove(name);
        }
        self
    }

    /// A second Service before the shop's pods.
    pub(crate) fn with_service(mut self, name: &str, route: Route) -> Self {
        let declared = declared("shop", &["shop", name]);
        self.spec.workloads[0] = serde_json::from_value(declared).expect("a workload");
        self.shop_mut().routes.insert(name.to_owned(), route);
        self.controllers();
        self
    }

    pub(crate) fn with_preview(mut self, route: Option<Route>) -> Self {
        self.spec.workloads[0].preview = Some(rollout::Preview { service: "preview".into() });
        self.shop_mut().preview = route;
        self
    }

    pub(crate) fn shop_mut(&mut self) -> &mut Workload {
        self.seen.workloads.get_mut("shop").expect("the shop")
    }

    /// Somebody else points a Service there, as `kubectl apply` does, and leaves the annotation.
    pub(crate) fn foreign(self, name: &str, colour: Option<Colour>) -> Self {
        self.service(name, |route| {
            (route.points_at, route.manager) = (colour, "kubectl-client-side-apply".into());
        })
    }

    pub(crate) fn approve(mut self, gate: &str) -> Self {
        let release = self.status.release.clone().expect("a release");
        self.seen.approvals.insert(gate.to_owned(), release);
        self
    }

    pub(crate) fn answer(mut self, gate: &str, answer: Answer) -> Self {
        self.seen.gates.entry(gate.to_owned()).or_default().hear(answer, self.now);
        self
    }

    pub(crate) fn drained(self, colour: Colour) -> Self {
        self.side("shop", colour, |side| side.pods.iter_mut().for_each(|pod| pod.drained = true))
    }

    pub(crate) fn pods_stay_unready(mut self) -> Self {
        self.pods_get_ready = false;
        self
    }

    pub(crate) fn slices_stand_still(mut self, still: bool) -> Self {
        self.slices_follow = !still;
        self.controllers();
        self
    }

    /// Nothing happens but what we write.
    pub(crate) fn stands_still(mut self, still: bool) -> Self {
        self.stands_still = still;
        self
    }

    /// A new leader, or a write whose answer was lost.
    pub(crate) fn unsealed(mut self) -> Self {
        for workload in self.seen.workloads.values_mut() {
            workload.routes.values_mut().for_each(|route| route.sealed = false);
            [&mut workload.blue, &mut workload.green]
                .into_iter()
                .flatten()
                .for_each(|side| side.sealed = false);
        }
        self
    }

    // What happens.

    pub(crate) fn plan(&self) -> Plan {
        rollout::plan(&self.spec, &self.status, &self.seen, self.now)
    }

    /// One plan is made and carried out, and the controllers do their part.
    pub(crate) fn step(mut self) -> Self {
        let plan = self.plan();
        if plan.status.release != self.status.release {
            self.seen.gates.clear();
        }
        self.status = plan.status;
        self.requeue = plan.requeue;
        self.written.extend(plan.writes.iter().cloned());
        for write in plan.writes {
            self.apply(write);
        }
        self.seen.live = (plan.requeue == Requeue::Read).then(|| self.quorum());
        self.controllers();
        self
    }

    /// Until nothing happens any more but by time or from outside. A drain on the way back is waited for.
    #[track_caller]
    pub(crate) fn run(mut self) -> Self {
        for _ in 0..40 {
            let was = (self.status.clone(), self.seen.clone());
            self = self.step();
            let at_once = matches!(self.requeue, Requeue::Again | Requeue::Read);
            if (&self.status, &self.seen) == (&was.0, &was.1) && !at_once {
                match self.requeue {
                    Requeue::At(at) if self.drains_on_the_way_back() => self.now = at,
                    _ => return self,
                }
            }
        }
        panic!("it never ends: {:?} {}", self.status.phase, self.status.message);
    }

    fn drains_on_the_way_back(&self) -> bool {
        self.status.phase == Phase::SwitchingBack && self.status.draining_since.is_some()
    }

    #[track_caller]
    pub(crate) fn until(mut self, phase: Phase) -> Self {
        for _ in 0..40 {
            if self.status.phase == phase {
                return self;
            }
            self = self.step();
        }
        panic!("it never comes to {phase}, but to {:?}: {}", self.status.phase, self.status.message);
    }

    /// Forgets what was written so far.
    pub(crate) fn look(mut self) -> Self {
        self.written.clear();
        self
    }

    pub(crate) fn wait(mut self, span: Span) -> Self {
        self.now = self.now.after(span);
        self
    }

    pub(crate) fn seconds(self, seconds: u32) -> Self {
        self.wait(Span::secs(seconds))
    }

    // What came of it.

    #[track_caller]
    pub(crate) fn is(self, phase: Phase, reason: Reason) -> Self {
        let status = &self.status;
        assert_eq!((status.phase, status.reason), (phase, Some(reason)), "{}", status.message);
        self
    }

    pub(crate) fn look_at(self, look: impl FnOnce(&Self)) -> Self {
        look(&self);
        self
    }

    #[track_caller]
    pub(crate) fn serves(self, colour: Colour) -> Self {
        assert_eq!(self.status.active, Some(colour.into()), "{}", self.status.message);
        self
    }

    #[track_caller]
    pub(crate) fn serves_nothing(self) -> Self {
        assert_eq!(self.status.active, None, "{}", self.status.message);
        self
    }

    /// Its message has this in it.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.status.message.contains(words), "{}", self.status.message);
        self
    }

    #[track_caller]
    pub(crate) fn wrote(self, changes: &[(&str, Change)]) -> Self {
        let written: Vec<_> = self.written.iter().map(|write| (name(&write.object), write.change)).collect();
        assert_eq!(written, changes);
        self
    }

    pub(crate) fn replicas(&self, colour: Colour) -> i32 {
        self.seen.workloads["shop"].side(colour).map_or(0, |side| side.replicas)
    }

    pub(crate) fn condition(&self, kind: &str) -> (rollout::ConditionStatus, &str) {
        let condition = self.status.conditions.iter().find(|known| known.kind == kind).expect(kind);
        (condition.status, &condition.message)
    }
}

fn name(object: &Object) -> &str {
    match object {
        Object::Service(name) | Object::Deployment(name) | Object::Autoscaler(name) => name,
    }
}

fn bump(version: &mut String) {
    *version = (version.parse::<u64>().expect("a number") + 1).to_string();
}
