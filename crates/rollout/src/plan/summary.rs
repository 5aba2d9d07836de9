//! What the status says of a plan: the reason, a sentence, and the conditions.

use super::planner::Why;
use crate::{Active, BlueGreenSpec, Condition, Observed, Phase, Status, Time};

/// Writes them, with the time of a condition only where it turned.
pub(super) fn write(
    status: &mut Status,
    was: &Status,
    spec: &BlueGreenSpec,
    seen: &Observed,
    now: Time,
    why: &Why,
    rollback: &Result<(), Why>,
) {
    if status.phase == was.phase && status.held_in == was.held_in && was.since.is_some() {
        status.since = was.since;
    }
    status.observed_generation = seen.generation;
    status.reason = Some(why.reason);
    status.message = message(why);
    let settled = status.phase == Phase::Stable && status.active == Some(Active::from(spec.active));
    let under_way = !matches!(status.phase, Phase::Stable | Phase::Held);
    let conditions = [
        ("Ready", settled, why),
        ("Progressing", under_way, why),
        ("Held", status.phase == Phase::Held, why),
        ("Paused", spec.paused, why),
        ("RollbackAvailable", rollback.is_ok(), rollback.as_ref().err().unwrap_or(why)),
    ];
    status.conditions = conditions
        .into_iter()
        .map(|(kind, holds, why)| Condition {
            kind: kind.to_owned(),
            status: holds.into(),
            reason: why.reason.word().to_owned(),
            message: message(why),
            last_transition_time: was
                .conditions
                .iter()
                .find(|known| known.kind == kind && known.status == holds.into())
                .map_or(now, |known| known.last_transition_time),
            observed_generation: seen.generation,
        })
        .collect();
}

/// The reason's sentence, and the names that belong to it.
fn message(why: &Why) -> String {
    let sentence = why.reason.sentence();
    let gap = if why.detail.is_empty() { "" } else { " " };
    sentence.chars().chain(gap.chars()).chain(why.detail.chars()).take(1024).collect()
}
