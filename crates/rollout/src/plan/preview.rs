//! The preview shows the side that does not serve.

use super::planner::Planner;
use crate::{Active, Colour, Phase, Reason};

impl Planner<'_> {
    /// Points each preview at the other side than the one that the Services select. One that cannot be is left alone.
    pub(super) fn show_the_preview(&mut self) {
        let serves = match self.status.active {
            Some(Active::Blue) => Colour::Blue,
            Some(Active::Green) => Colour::Green,
            Some(Active::Mixed) | None => return,
        };
        if matches!(self.status.phase, Phase::SwitchingBack | Phase::Held) {
            return;
        }
        for pair in self.pairs() {
            let Some((declared, seen)) = pair.spec.preview.as_ref().zip(pair.seen.preview.as_ref()) else {
                continue;
            };
            let free = self.unusable(&declared.service, seen).is_none();
            if free && seen.points_at != Some(serves.other()) {
                self.point(pair, &declared.service, seen, serves.other());
            }
        }
    }

    /// A preview that is declared and cannot be shown: no release begins without it.
    pub(super) fn preview_obstacle(&self, pair: super::planner::Pair<'_>) -> Option<super::planner::Why> {
        let declared = pair.spec.preview.as_ref()?;
        match &pair.seen.preview {
            None => Some(Reason::ServiceMissing.of(format!("Service {}", declared.service))),
            Some(seen) => self.unusable(&declared.service, seen),
        }
    }
}
