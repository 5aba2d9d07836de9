//! The preview shows the side that does not serve.

use super::planner::{Pair, Planner, Why};
use crate::{Active, Colour, Phase, Reason, rule::Rule};

impl Planner<'_> {
    /// Points each preview at the other side than the one that its workload's Services select. One that cannot be is left alone.
    pub(super) fn show_the_preview(&mut self) {
        // In the middle of a switch what the workloads select is about to change.
        let is_between = self.status.active == Some(Active::Mixed) && self.begun();
        let is_unknown = self.status.active.is_none();
        let is_kept = self.keeps(Rule::PreviewShown);
        if !is_kept
            || is_between
            || is_unknown
            || matches!(self.status.phase, Phase::SwitchingBack | Phase::Held)
        {
            return;
        }
        for pair in self.pairs() {
            let Some((declared, seen)) = pair.spec.preview.as_ref().zip(pair.seen.preview.as_ref()) else {
                continue;
            };
            let Some(serves) = serves(pair) else { continue };
            let free = self.unusable(&declared.service, seen).is_none();
            if free && seen.points_at != Some(serves.other()) {
                self.point(pair, &declared.service, seen, serves.other());
            }
        }
    }

    /// A preview that is declared and cannot be shown: no release begins without it.
    pub(super) fn preview_obstacle(&self, pair: Pair<'_>) -> Option<Why> {
        let declared = pair.spec.preview.as_ref()?;
        match &pair.seen.preview {
            None => Some(Reason::ServiceMissing.of(format!("Service {}", declared.service))),
            Some(seen) => self.unusable(&declared.service, seen),
        }
    }
}

/// The side that all Services of a workload select.
fn serves(pair: Pair<'_>) -> Option<Colour> {
    let mut all = pair.routes().map(|(_, route)| route.points_at);
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}
