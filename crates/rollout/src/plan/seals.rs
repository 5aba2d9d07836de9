//! What may still be in flight is sealed before anything is written: rule 7.

use super::{
    Change, Object, Write,
    planner::{Planner, Why},
};
use crate::{Colour, Reason, rule::Rule};

/// If something shall be written and something is not sealed, only the seals are written.
pub(super) fn first(plan: &mut Planner<'_>) -> Option<Why> {
    if plan.writes.is_empty() || !plan.keeps(Rule::Sealed) {
        return None;
    }
    let mut seals = vec![];
    for (_, name, route) in plan.routes().filter(|(_, _, route)| !route.sealed) {
        let change = Change::Seal { n: route.mark.as_ref().map_or(1, |mark| mark.n.saturating_add(1)) };
        seals.push(Write {
            object: Object::Service(name.to_owned()),
            version: route.version.clone(),
            change,
        });
    }
    for pair in plan.pairs() {
        for colour in Colour::BOTH {
            let Some(side) = pair.seen.side(colour).filter(|side| !side.sealed) else { continue };
            let change = Change::Seal { n: side.seal.saturating_add(1) };
            seals.push(Write {
                object: Planner::deployment(pair, colour),
                version: side.version.clone(),
                change,
            });
        }
    }
    if seals.is_empty() {
        return None;
    }
    plan.writes = seals;
    plan.again();
    Some(Reason::Sealing.into())
}
