//! What sends the traffic back: rules 5 and 8.

use super::{
    facts::count,
    planner::{Next, Pair, Planner, Why},
    sides::serving,
};
use crate::{Colour, Phase, Reason, observed::Deployment, rule::Rule};

impl Planner<'_> {
    /// Whether the first write of this switch has been made, as far as the Services show.
    pub(super) fn begun(&self) -> bool {
        match self.at() {
            Phase::Switching => {
                let to = self.to();
                self.routes().any(|(_, name, route)| self.ours_at(name, route, to))
            }
            Phase::Verifying | Phase::Draining => true,
            _ => false,
        }
    }

    /// What sends the traffic back after the first write, besides a gate or the deadline.
    pub(super) fn after_the_first_write(&mut self) -> Option<Next> {
        if let Some(broken) = self.broken() {
            return Some(self.go_back_broken(broken));
        }
        self.called_off().map(|why| self.go_back(why))
    }

    fn called_off(&self) -> Option<Why> {
        if let Some(obstacle) = self.obstacle() {
            return Some(obstacle);
        }
        let (to, at) = (self.to(), self.at());
        if self.spec.active != to && self.keeps(Rule::WishChanges) && at != Phase::Draining {
            return Some(Reason::Aborted.into());
        }
        if self.template_changed() && self.keeps(Rule::TemplateChanges) {
            return Some(Reason::TemplateChanged.into());
        }
        (at != Phase::Switching && !self.all_at(to)).then(|| Reason::Incomplete.into())
    }

    /// Whether a switched Service has too few ready pods, or none at all for a second, while there is a way back.
    pub(super) fn broken(&mut self) -> Option<Why> {
        let acts = matches!(self.at(), Phase::Switching | Phase::Verifying | Phase::Draining | Phase::Stable);
        if !acts || !self.status.way_back || !self.keeps(Rule::BackAtOnce) {
            return None;
        }
        let to = self.to();
        self.routes().filter(|(_, _, route)| route.points_at == Some(to)).find_map(|(pair, name, route)| {
            if !self.ours_at(name, route, to) {
                return None;
            }
            if self.dark(name) {
                return Some(Reason::Broken.of(format!("Service {name} has no ready endpoint")));
            }
            let proven = self.service(name).is_some_and(|known| known.proven);
            let endpoints =
                route.evidence.iter().filter(|endpoint| endpoint.ready && endpoint.colour == Some(to));
            let (endpoints, pods) = (count(endpoints.count()), serving(pair.seen.side(to)));
            // While it rolls in Stable the slices may lag behind a pod that is ready already.
            let lag = self.rolling(pair, to) && endpoints > 0;
            let ready = match proven {
                false => pods,
                true if lag => pods.max(endpoints),
                true => endpoints,
            };
            let needed = self.needed(pair, to, name);
            (ready < needed).then(|| {
                let why = pair.seen.side(to).and_then(why_unready).unwrap_or_default();
                Reason::Broken.of(format!("Service {name} has {ready} of {needed} ready{why}"))
            })
        })
    }

    /// Whether a serving side rolls in Stable.
    fn rolling(&self, pair: Pair<'_>, serving: Colour) -> bool {
        let rolls =
            |side: &Deployment| !side.settled || side.pods.iter().any(|pod| !pod.current || pod.deleting);
        self.at() == Phase::Stable && pair.seen.side(serving).is_some_and(rolls)
    }

    /// How many Ready pods, or endpoints, a Service needs not to be broken.
    pub(super) fn needed(&self, pair: Pair<'_>, serving: Colour, service: &str) -> i32 {
        let recorded =
            self.status.services.iter().find(|known| known.name == service).and_then(|known| known.recorded);
        let side = pair.seen.side(serving);
        let wants = side.map_or(0, |side| side.replicas);
        let smaller = recorded.map_or(wants, |recorded| recorded.min(wants));
        let percent = i64::from(self.spec.verify.min_ready_percent);
        let share = i32::try_from((i64::from(smaller) * percent + 99) / 100).unwrap_or(i32::MAX);
        let rolling = side.filter(|_| self.rolling(pair, serving));
        share.saturating_sub(rolling.map_or(0, |side| side.max_unavailable)).max(1)
    }
}

/// A pod's own reason for not being ready, as the end of a sentence.
fn why_unready(side: &Deployment) -> Option<String> {
    let pod = side.pods.iter().find(|pod| !pod.serves())?;
    Some(format!(", {}: {}", pod.name, pod.waits.as_deref()?))
}
