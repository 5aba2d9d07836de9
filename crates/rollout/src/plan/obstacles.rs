//! Foreign hands: rule 6. What is in the way is named, and nobody is fought.

use super::planner::{Pair, Planner, Why};
use crate::{
    Colour, Reason,
    observed::{DeploymentObstacle, Owner, Route},
    rule::Rule,
};

impl Planner<'_> {
    /// The first thing that is in the way.
    pub(super) fn obstacle(&self) -> Option<Why> {
        self.pairs().find_map(|pair| self.route_obstacle(pair).or_else(|| side_obstacle(pair)))
    }

    fn route_obstacle(&self, pair: Pair<'_>) -> Option<Why> {
        pair.spec.services.iter().find_map(|declared| {
            let name = &declared.name;
            let Some(route) = pair.seen.routes.get(name) else {
                return Some(Reason::ServiceMissing.of(format!("Service {name}")));
            };
            if let Some(unsuitable) = &route.unsuitable {
                return Some(Reason::ServiceUnsuitable.of(format!("Service {name}: {unsuitable}")));
            }
            if let Some(words) = &route.refused {
                return Some(Reason::WriteRefused.of(format!("Service {name}: {words}")));
            }
            self.foreign(name, route)
        })
    }

    fn foreign(&self, name: &str, route: &Route) -> Option<Why> {
        match &route.mark {
            Some(mark) if mark.owner == Owner::This => {
                let changed = route.points_at != Some(mark.colour) && self.keeps(Rule::ForeignHands);
                let now = route.points_at.map_or("no colour", Colour::label);
                changed.then(|| {
                    Reason::ForeignChange.of(format!(
                        "Service {name} was pointed from {} to {now} by {}",
                        mark.colour, route.manager
                    ))
                })
            }
            Some(crate::observed::Mark { owner: Owner::Other(other), .. }) => {
                Some(Reason::OwnedByOther.of(format!("Service {name} belongs to {other}")))
            }
            _ if route.rival.is_some() => Some(
                Reason::OwnedByOther
                    .of(format!("Service {name} belongs to {}", route.rival.as_deref().unwrap_or_default())),
            ),
            _ if route.points_at.is_none() && !(route.adopt && self.unready(self.spec.active).is_none()) => {
                Some(Reason::NoColour.of(format!("Service {name}")))
            }
            _ => None,
        }
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
