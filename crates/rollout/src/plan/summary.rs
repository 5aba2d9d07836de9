//! What the status says of a plan: the reason, a sentence, and the conditions.

use super::planner::Why;
use crate::{Active, BlueGreenSpec, Condition, Observed, Phase, Reason, Status, Time};

/// Writes them, with the time of a condition only where it turned.
pub(super) fn write(
    status: &mut Status,
    was: &Status,
    spec: &BlueGreenSpec,
    seen: &Observed,
    now: Time,
    why: &Why,
) {
    if status.phase == was.phase && status.held_in == was.held_in && was.since.is_some() {
        status.since = was.since;
    }
    status.observed_generation = seen.generation;
    status.reason = Some(why.reason);
    let sentence = why.reason.sentence();
    let message =
        if why.detail.is_empty() { sentence.to_owned() } else { format!("{sentence} {}", why.detail) };
    status.message = message.chars().take(1024).collect();
    let settled = status.phase == Phase::Stable && status.active == Some(Active::from(spec.active));
    let under_way = !matches!(status.phase, Phase::Stable | Phase::Held);
    let conditions = [
        ("Ready", settled),
        ("Progressing", under_way),
        ("Held", status.phase == Phase::Held),
        ("Paused", spec.paused),
        (
            "RollbackAvailable",
            status.way_back
                && status.to == Some(spec.active)
                && !matches!(status.phase, Phase::Preparing | Phase::Gating),
        ),
    ];
    status.conditions = conditions
        .into_iter()
        .map(|(kind, holds)| condition(was, kind, holds, why.reason, &status.message, seen, now))
        .collect();
}

fn condition(
    was: &Status,
    kind: &str,
    holds: bool,
    reason: Reason,
    message: &str,
    seen: &Observed,
    now: Time,
) -> Condition {
    let known = was.conditions.iter().find(|known| known.kind == kind && known.status == holds.into());
    Condition {
        kind: kind.to_owned(),
        status: holds.into(),
        reason: reason.word().to_owned(),
        message: message.to_owned(),
        last_transition_time: known.map_or(now, |known| known.last_transition_time),
        observed_generation: seen.generation,
    }
}
