//! The verbs that change the wish or its circumstances: one field of one BlueGreen each.

use kube::ResourceExt;
use rollout::{BlueGreen, Colour, Phase};
use serde_json::json;

use super::{Patch, Refusal, rollback, seen, serving};

/// The traffic shall be brought to `to`, or, if that is not said, to the side that does not serve. Nothing if that is the wish.
///
/// # Errors
/// It is not known which side serves.
pub fn promote(of: &BlueGreen, to: Option<Colour>) -> Result<Vec<Patch>, Refusal> {
    let to = match to {
        Some(to) => to,
        None => serving(of, seen(of)?)?.other(),
    };
    Ok(wish(of, to, format!("{to} shall serve")))
}

/// The traffic shall stay where it was when the release began, or be brought back there.
///
/// # Errors
/// Nothing is under way.
pub fn abort(of: &BlueGreen) -> Result<Vec<Patch>, Refusal> {
    let status = seen(of)?;
    let begun = status.to.filter(|_| status.at() != Phase::Stable);
    let back = match begun {
        Some(to) => to.other(),
        None => serving(of, status)?,
    };
    if begun.is_none() && back == of.spec.active {
        let undoable = rollback(status).is_ok();
        return Err(Refusal::NothingUnderWay { name: of.name_any(), active: back, undoable });
    }
    Ok(wish(of, back, format!("called off: {back} shall serve")))
}

/// The last switch shall be taken back: at once while the other side stands ready, else by a release with gates.
///
/// # Errors
/// There was no switch, or it is not finished.
pub fn undo(of: &BlueGreen) -> Result<Vec<Patch>, Refusal> {
    let status = seen(of)?;
    let name = of.name_any();
    if !matches!(status.phase, Phase::Stable | Phase::Draining) {
        return Err(Refusal::AbortInstead { name, phase: status.phase });
    }
    let active = serving(of, status)?;
    if of.spec.active != active {
        // It is wished already, and has not begun: paused, say.
        return Ok(vec![]);
    }
    let switched = status.phase == Phase::Draining || !status.history.is_empty();
    if !switched {
        return Err(Refusal::NothingToUndo(name));
    }
    let back = active.other();
    let how = match rollback(status) {
        Ok(()) => "at once: it stands ready".to_owned(),
        Err(why) => format!("by a release with gates. {why}"),
    };
    Ok(wish(of, back, format!("{back} shall serve again, {how}")))
}

/// The release that failed shall be tried again as it is.
///
/// # Errors
/// None has failed.
pub fn retry(of: &BlueGreen) -> Result<Vec<Patch>, Refusal> {
    let status = seen(of)?;
    let wish = of.spec.active;
    let failed =
        status.failed.as_ref().filter(|failed| failed.to == wish && failed.attempt == of.spec.attempt);
    if failed.is_none() && status.phase != Phase::Held {
        return Err(Refusal::NothingFailed(of.name_any()));
    }
    let attempt = of.spec.attempt.saturating_add(1);
    Ok(vec![Patch::spec(
        of,
        json!({ "attempt": attempt }),
        format!("{wish} is tried again, attempt {attempt}"),
    )])
}

/// Nothing new shall be begun, or it may again. Nothing to write if it is so.
#[must_use]
pub fn pause(of: &BlueGreen, paused: bool) -> Vec<Patch> {
    if of.spec.paused == paused {
        return vec![];
    }
    let says = if paused { "paused: nothing new is begun" } else { "resumed" };
    vec![Patch::spec(of, json!({ "paused": paused }), says)]
}

/// The wish, if it is another than before.
fn wish(of: &BlueGreen, to: Colour, says: String) -> Vec<Patch> {
    if of.spec.active == to { vec![] } else { vec![Patch::spec(of, json!({ "active": to }), says)] }
}
