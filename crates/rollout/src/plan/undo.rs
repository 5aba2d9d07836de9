//! Back to what served last, at once and without gates: rule 8.

use super::{
    facts::template,
    planner::{Planner, Why},
};
use crate::{Colour, Phase, Reason};

impl Planner<'_> {
    /// Whether all Services have left this side, it has served last with this template, and it is ready at full size.
    pub(super) fn can_undo(&self, wish: Colour) -> bool {
        self.status.to == Some(wish.other()) && self.all_at(wish.other()) && self.rollback().is_ok()
    }

    /// Whether the side that served before could take the traffic again at once; if not, why.
    pub(super) fn rollback(&self) -> Result<(), Why> {
        let switched =
            matches!(self.at(), Phase::Switching | Phase::Verifying | Phase::Draining | Phase::Stable);
        let old = self.to().other();
        if !switched || !self.status.way_back {
            return Err(Reason::NoWayBack.into());
        }
        for (pair, known) in self.pairs().zip(&self.status.workloads) {
            if template(pair, old) != known.served {
                let name = &pair.declared(old).deployment;
                return Err(Reason::NoWayBack.of(format!("{name} has another template than served")));
            }
        }
        self.unready(old).map_or(Ok(()), |why| Err(Reason::NoWayBack.of(why.detail)))
    }
}
