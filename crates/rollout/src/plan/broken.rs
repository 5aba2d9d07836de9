//! What sends the traffic back: rules 5 and 8.

use super::{
    facts::count,
    planner::{Next, Planner, Why},
    sides::serving,
};
use crate::{OnFailure, Phase, Reason, rule::Rule};

impl Planner<'_> {
    /// Whether the first write of this switch has been made, as far as the Services show.
    pub(super) fn begun(&self) -> bool {
        let to = self.to();
        self.status.services.iter().any(|service| service.pointed_at.is_some())
            && self.routes().any(|(_, _, route)| route.points_at == Some(to))
    }

    /// Everything that ends a switch after its first write.
    pub(super) fn after_the_first_write(&mut self) -> Option<Next> {
        let why = self.trouble()?;
        let stays = why.reason == Reason::DeadlineExceeded && self.spec.on_failure == OnFailure::Hold;
        if stays {
            self.fail(why.reason, why.detail.clone(), None);
            return Some(self.hold(why));
        }
        Some(self.go_back(why))
    }

    /// Why the switch cannot go on.
    pub(super) fn trouble(&mut self) -> Option<Why> {
        if let Some(broken) = self.broken() {
            return Some(broken);
        }
        if let Some(obstacle) = self.obstacle() {
            return Some(obstacle);
        }
        let to = self.to();
        if self.spec.active != to && self.keeps(Rule::WishChanges) && self.status.phase != Phase::Draining {
            return Some(Reason::Aborted.into());
        }
        if self.template_changed() && self.keeps(Rule::TemplateChanges) {
            return Some(Reason::TemplateChanged.into());
        }
        if matches!(self.status.phase, Phase::Verifying | Phase::Draining) && !self.all_at(to) {
            return Some(Reason::Incomplete.into());
        }
        (self.status.deadline_stopped.is_none() && self.late()).then(|| Reason::DeadlineExceeded.into())
    }

    /// Whether a switched Service has too few ready pods, or none at all for a second, while there is a way back.
    pub(super) fn broken(&mut self) -> Option<Why> {
        if !self.status.way_back || !self.keeps(Rule::BackAtOnce) {
            return None;
        }
        let to = self.status.to?;
        if let Some(name) = self.dark() {
            return Some(Reason::Broken.of(format!("Service {name} has no ready endpoint")));
        }
        self.routes().find_map(|(pair, name, route)| {
            let known = self.status.services.iter().find(|known| known.name == name)?;
            if route.points_at != Some(to) {
                return None;
            }
            let endpoints =
                route.evidence.iter().filter(|endpoint| endpoint.ready && endpoint.colour == Some(to));
            let ready = if known.proven { count(endpoints.count()) } else { serving(pair.seen.side(to)) };
            let needed = self.needed(pair, to);
            (ready < needed)
                .then(|| Reason::Broken.of(format!("Service {name} has {ready} of {needed} ready")))
        })
    }
}
