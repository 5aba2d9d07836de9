//! Foreign hands: rule 6. What is in the way is named, and nobody is fought.

use super::{
    Change, Object, Write,
    planner::{Pair, Planner, Why},
};
use crate::{
    Colour, Phase, Reason,
    observed::{DeploymentObstacle, Mark, Owner, Route},
    rule::Rule,
};

impl Planner<'_> {
    /// The first thing that is in the way.
    pub(super) fn obstacle(&self) -> Option<Why> {
        let before = matches!(self.at(), Phase::Stable | Phase::Preparing | Phase::Gating);
        self.pairs().find_map(|pair| {
            self.route_obstacle(pair)
                .or_else(|| side_obstacle(pair))
                .or_else(|| self.preview_obstacle(pair).filter(|_| before))
        })
    }

    fn route_obstacle(&self, pair: Pair<'_>) -> Option<Why> {
        pair.spec.services.iter().find_map(|declared| {
            let name = &declared.name;
            match pair.seen.routes.get(name) {
                None => self
                    .keeps(Rule::ServicesMissed)
                    .then(|| Reason::ServiceMissing.of(format!("Service {name}"))),
                Some(route) => self.unusable(name, route),
            }
        })
    }

    /// Why a Service that exists is not ours to point.
    pub(super) fn unusable(&self, name: &str, route: &Route) -> Option<Why> {
        if let Some(unsuitable) = &route.unsuitable {
            return Some(Reason::ServiceUnsuitable.of(format!("Service {name}: {unsuitable}")));
        }
        if let Some(words) = &route.refused {
            return Some(Reason::WriteRefused.of(format!("Service {name}: {words}")));
        }
        match &route.mark {
            Some(Mark { owner: Owner::This, colour, .. }) => {
                let changed = route.points_at != Some(*colour) && self.keeps(Rule::ForeignHands);
                let now = route.points_at.map_or("no colour", Colour::label);
                changed.then(|| {
                    let manager = &route.manager;
                    Reason::ForeignChange
                        .of(format!("Service {name} was pointed from {colour} to {now} by {manager}"))
                })
            }
            Some(Mark { owner: Owner::Other(other), .. }) => {
                Some(Reason::OwnedByOther.of(format!("Service {name} belongs to {other}")))
            }
            Some(Mark { owner: Owner::Nobody, .. }) | None => match &route.rival {
                Some(rival) => Some(Reason::OwnedByOther.of(format!("Service {name} belongs to {rival}"))),
                None if route.points_at.is_none() && !route.adopt => {
                    Some(Reason::NoColour.of(format!("Service {name}")))
                }
                None => None,
            },
        }
    }

    /// Whether a Service is ours to point, and points there.
    pub(super) fn ours_at(&self, name: &str, route: &Route, colour: Colour) -> bool {
        route.points_at == Some(colour) && self.unusable(name, route).is_none()
    }

    /// The sides that a foreign hand has pointed a Service at are scaled up.
    pub(super) fn follow_foreign(&mut self) {
        for (pair, _, route) in self.routes() {
            let Some((at, mark)) = route.points_at.zip(route.mark.as_ref()) else { continue };
            if mark.owner == Owner::This && mark.colour != at {
                self.raise(pair, at);
            }
        }
    }

    /// A new Service is taken over as it stands: from now on a foreign change of it is seen. It may have had the traffic of
    /// either side, so that a drain which is under way, or over, begins anew.
    pub(super) fn take_over(&mut self) {
        for (_, name, route) in self.routes() {
            if unmarked(route) && route.points_at.is_some() && self.unusable(name, route).is_none() {
                let n = route.mark.as_ref().map_or(1, |mark| mark.n.saturating_add(1));
                let (object, version) = (Object::Service(name.to_owned()), route.version.clone());
                self.write(Write { object, version, change: Change::Seal { n } });
                self.status.draining_since = self.status.draining_since.map(|_| self.now);
                self.status.drained_at = None;
            }
        }
    }
}

/// Whether nobody's annotation stands on a Service, or that of a BlueGreen which does not exist any more.
pub(super) fn unmarked(route: &Route) -> bool {
    route.mark.as_ref().is_none_or(|mark| mark.owner == Owner::Nobody)
}

fn side_obstacle(pair: Pair<'_>) -> Option<Why> {
    Colour::BOTH.into_iter().find_map(|colour| {
        let name = &pair.declared(colour).deployment;
        let Some(side) = pair.seen.side(colour) else {
            return Some(Reason::DeploymentMissing.of(format!("Deployment {name}")));
        };
        if let Some(words) = &side.refused {
            return Some(Reason::WriteRefused.of(format!("Deployment {name}: {words}")));
        }
        Some(match side.obstacle.as_ref()? {
            DeploymentObstacle::Overlaps(other) => {
                Reason::Overlapping.of(format!("Deployments {name} and {other}"))
            }
            DeploymentObstacle::Keda(object) => {
                Reason::KedaManaged.of(format!("Deployment {name} by {object}"))
            }
            DeploymentObstacle::OwnedBy(other) => {
                Reason::OwnedByOther.of(format!("Deployment {name} belongs to {other}"))
            }
        })
    })
}
