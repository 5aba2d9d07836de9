//! The way back: rule 5.

use super::{
    Change, Object, Write,
    facts::count,
    planner::{Next, Pair, Planner, Why},
    sides::serving,
};
use crate::{
    Colour, Phase, Reason,
    observed::{Owner, Route},
    rule::Rule,
};

impl Planner<'_> {
    /// The traffic goes back, and why is remembered. A wish that changed, or a new template, is no failure.
    pub(super) fn go_back(&mut self, why: Why) -> Next {
        self.status.cause = Some(why.reason);
        if !matches!(why.reason, Reason::Aborted | Reason::TemplateChanged | Reason::GateFailed) {
            self.fail(why.reason, why.detail.clone(), None);
        }
        self.status.message = why.detail;
        for service in &mut self.status.services {
            (service.proven, service.pointed_at) = (false, None);
        }
        Next::Go(Phase::SwitchingBack)
    }

    /// Points back what can take the traffic. What cannot is scaled up, and named.
    pub(super) fn bring_back(&mut self) -> Option<Why> {
        let old = self.to().other();
        if self.return_once(old) {
            return None;
        }
        let mut stuck = None;
        for pair in self.pairs() {
            let mine = |(_, route): &(&str, &Route)| {
                route
                    .mark
                    .as_ref()
                    .is_none_or(|mark| mark.owner == Owner::This && route.points_at == Some(mark.colour))
            };
            let away: Vec<_> = pair
                .routes()
                .filter(mine)
                .filter(|(_, route)| route.points_at == Some(old.other()))
                .collect();
            if away.is_empty() {
                continue;
            }
            if let Err(why) = self.can_take(pair, old) {
                self.raise(pair, old);
                stuck = Some(why);
                continue;
            }
            for (name, route) in away {
                self.point(pair, name, route, old);
            }
        }
        stuck
    }

    /// Whether the side has the Ready pods that the traffic needs, or more than the other.
    fn can_take(&self, pair: Pair<'_>, colour: Colour) -> Result<(), Why> {
        let (there, other) = (serving(pair.seen.side(colour)), serving(pair.seen.side(colour.other())));
        if there > other
            || (there > 0 && there >= self.needed(pair, colour.other()))
            || !self.keeps(Rule::BackOnlyToReady)
        {
            return Ok(());
        }
        let reason = if there + other == 0 { Reason::BothSidesUnready } else { Reason::OldSideUnready };
        Err(reason.of(format!("{}: {there} pods are ready", pair.declared(colour).deployment)))
    }

    /// How many Ready pods, or endpoints, a workload's serving side needs not to be broken.
    pub(super) fn needed(&self, pair: Pair<'_>, serving: Colour) -> i32 {
        let recorded = self
            .status
            .services
            .iter()
            .filter(|service| service.workload == pair.spec.name)
            .filter_map(|service| service.recorded)
            .min();
        let side = pair.seen.side(serving);
        let wants = side.map_or(0, |side| side.replicas);
        let smaller = recorded.map_or(wants, |recorded| recorded.min(wants));
        let percent = i64::from(self.spec.verify.min_ready_percent);
        let share = i32::try_from((i64::from(smaller) * percent + 99) / 100).unwrap_or(i32::MAX);
        let rolling = side.filter(|side| {
            self.status.phase == Phase::Stable && (!side.settled || side.pods.iter().any(|pod| !pod.current))
        });
        (share - rolling.map_or(0, |side| side.max_unavailable)).max(1)
    }

    /// If the side gone back to has lost its last ready pod and the other has one, that one gets the traffic, once per release.
    fn return_once(&mut self, old: Colour) -> bool {
        if self.status.returned {
            return false;
        }
        let mut returned = false;
        for pair in self.pairs() {
            let (here, there) = (serving(pair.seen.side(old)), serving(pair.seen.side(old.other())));
            let away = pair.routes().filter(|(_, route)| route.points_at == Some(old));
            if here == 0 && there > 0 {
                for (name, route) in away {
                    self.point(pair, name, route, old.other());
                    returned = true;
                }
            }
        }
        self.status.returned |= returned;
        returned
    }

    /// Points a Service, with the next number, and remembers what was ready.
    pub(super) fn point(&mut self, pair: Pair<'_>, name: &str, route: &Route, to: Colour) {
        let n = route.mark.as_ref().map_or(1, |mark| mark.n.saturating_add(1));
        let ready = serving(pair.seen.side(to));
        let now = self.now;
        if let Some(known) = self.service(name) {
            (known.pointed_at, known.recorded, known.proven) = (Some(now), Some(ready), false);
        }
        let change = Change::Point { to, n };
        self.write(Write {
            object: Object::Service(name.to_owned()),
            version: route.version.clone(),
            change,
        });
    }

    /// Rule 2 for every Service that points there: remembers which are proven, and says whether all are.
    pub(super) fn prove(&mut self, colour: Colour) -> bool {
        let mut all = self.all_at(colour);
        for (pair, name, route) in self.routes() {
            let at = self
                .status
                .services
                .iter()
                .find(|known| known.name == name)
                .and_then(|known| known.pointed_at);
            let proven = route.points_at == Some(colour)
                && (!self.keeps(Rule::Evidence) || evident(pair, route, colour, at));
            if let Some(known) = self.service(name) {
                known.proven |= proven;
                all &= known.proven;
            }
        }
        all
    }

    /// Looks again when a Service without endpoints has been so for long enough.
    pub(super) fn again_if_dark(&mut self) {
        let _ = self.dark();
    }
}

/// Rule 2: each pod that was ready at the write and still serves is a ready endpoint; at least one is, and none is of the
/// other colour.
fn evident(pair: Pair<'_>, route: &Route, colour: Colour, pointed_at: Option<crate::Time>) -> bool {
    let ready = |pod: &str| route.evidence.iter().any(|endpoint| endpoint.ready && endpoint.pod == pod);
    let pods = pair.seen.side(colour).map_or(&[][..], |side| side.pods.as_slice());
    let then =
        pods.iter().filter(|pod| pod.serves() && pointed_at.is_none_or(|at| pod.ready_since <= Some(at)));
    let shown = count(
        route.evidence.iter().filter(|endpoint| endpoint.ready && endpoint.colour == Some(colour)).count(),
    );
    then.into_iter().all(|pod| ready(&pod.name))
        && shown > 0
        && route.evidence.iter().all(|endpoint| endpoint.colour != Some(colour.other()))
}
