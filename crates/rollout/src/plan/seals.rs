//! What may still be in flight is sealed before anything is written: rule 7.

use super::{
    Change, Object, Write,
    planner::{Planner, Why},
};
use crate::{Colour, Reason, observed::Owner, rule::Rule};

/// If something shall be written and something is not sealed, only the seals are written.
pub(super) fn first(plan: &mut Planner<'_>) -> Option<Why> {
    if plan.writes.is_empty() {
        return None;
    }
    let seals = plan.seals();
    if seals.is_empty() {
        return None;
    }
    plan.writes = seals;
    plan.again();
    Some(Reason::Sealing.into())
}

impl Planner<'_> {
    /// What is not sealed yet, of that which is ours and lets itself be written.
    fn seals(&self) -> Vec<Write> {
        if !self.keeps(Rule::Sealed) {
            return vec![];
        }
        let services = self.routes().filter_map(|(_, name, route)| {
            let mark = route.mark.as_ref();
            let ours = mark.is_some_and(|mark| mark.owner == Owner::This);
            let others = mark.is_some_and(|mark| matches!(mark.owner, Owner::Other(_)))
                || (!ours && route.rival.is_some());
            let change = Change::Seal { n: mark.map_or(1, |mark| mark.n.saturating_add(1)) };
            let open = !route.sealed && !others && route.unsuitable.is_none() && route.refused.is_none();
            let (object, version) = (Object::Service(name.to_owned()), route.version.clone());
            open.then_some(Write { object, version, change })
        });
        let deployments = self.pairs().flat_map(|pair| Colour::BOTH.map(|colour| (pair, colour)));
        let deployments = deployments.filter_map(|(pair, colour)| {
            let side = pair.seen.side(colour)?;
            let open = !side.sealed && side.obstacle.is_none() && side.refused.is_none();
            let change = Change::Seal { n: side.seal.saturating_add(1) };
            let (object, version) = (Self::deployment(pair, colour), side.version.clone());
            open.then_some(Write { object, version, change })
        });
        services.chain(deployments).collect()
    }

    /// Seals what is not sealed yet; whether there was anything. A phase in which a write may be in flight is left for one
    /// that does not expect it only after this.
    pub(super) fn seal(&mut self) -> bool {
        let seals = self.seals();
        let any = !seals.is_empty();
        self.writes.extend(seals);
        any
    }
}
