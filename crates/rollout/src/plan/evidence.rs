//! When a switch counts: rule 2.

use super::planner::{Pair, Planner, Why};
use crate::{Colour, Reason, Time, observed::Route, rule::Rule};

impl Planner<'_> {
    /// Remembers of which Services the endpoints have shown that they select this side; and what the first of the others lacks.
    pub(super) fn unproven(&mut self, colour: Colour) -> Option<Why> {
        let mut first = None;
        for (pair, name, route) in self.routes() {
            if colour != self.to() && route.points_at.is_none() {
                continue; // It was not pointed before the others had to go back, and stays as it is.
            }
            let keeps = self.keeps(Rule::Evidence);
            let Some(known) = self.service(name) else { continue };
            let lacks = if keeps { lacks(pair, route, colour, known.pointed_at) } else { None };
            known.proven |= lacks.is_none() && route.points_at == Some(colour);
            if !known.proven && first.is_none() {
                let lacks = lacks.unwrap_or_else(|| format!("it does not select {colour}"));
                first = Some(Reason::EvidenceAwaited.of(format!("Service {name}: {lacks}")));
            }
        }
        let complete = self.pairs().all(|pair| pair.routes().count() == pair.spec.services.len());
        first.or_else(|| (!complete).then(|| Reason::EvidenceAwaited.into()))
    }
}

/// What the endpoints lack: each pod that was ready at the write and still serves is a ready endpoint, at least one is, and none
/// is of the other colour.
fn lacks(pair: Pair<'_>, route: &Route, colour: Colour, pointed_at: Option<Time>) -> Option<String> {
    let ready = |pod: &str| route.evidence.iter().any(|endpoint| endpoint.ready && endpoint.pod == pod);
    let pods = pair.seen.side(colour).map_or(&[][..], |side| side.pods.as_slice());
    let missing = pods
        .iter()
        .filter(|pod| pod.serves() && pointed_at.is_none_or(|at| pod.ready_since <= Some(at)))
        .find(|pod| !ready(&pod.name));
    if let Some(pod) = missing {
        return Some(format!("{} is not yet a ready endpoint", pod.name));
    }
    if let Some(other) = route.evidence.iter().find(|endpoint| endpoint.colour == Some(colour.other())) {
        return Some(format!("{} is still an endpoint", other.pod));
    }
    let any = route.evidence.iter().any(|endpoint| endpoint.ready && endpoint.colour == Some(colour));
    (!any).then(|| "it has no ready endpoint".to_owned())
}
