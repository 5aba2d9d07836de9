//! 5 and 6: what the services have told each other.

use crate::{
    audit::{busy, disagreements},
    verify::{Offence, System, Verdict},
};

/// What a consumer has handled is what its producer had counted up to the latest message that it saw: none twice, none left out.
/// A message that breaks its aggregate's chain of versions is parked, which is told as pending.
pub(super) fn are_handled_once(system: &System) -> Verdict {
    let rows =
        system.states.values().filter_map(|state| state.inbox.as_ref()).flat_map(|inbox| &inbox.partitions);
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return nobody_counts();
    }
    let incomplete = rows.into_iter().filter(|row| !row.is_complete()).map(|row| {
        let expected = row.latest.since(row.began);
        let accounted = row.handled.plus(row.discarded);
        let what = format!("saw {expected} of `{}`, and handled or discarded {accounted}", row.source);
        Offence::new(format!("{} {}/{}", row.consumer, row.topic, row.partition), what)
    });
    incomplete.collect::<Vec<_>>().into()
}

/// No saga, task, call, message or parked message waits for anything.
pub(super) fn nothing_is_pending(system: &System) -> Verdict {
    busy(&system.states)
        .into_iter()
        .map(|busy| Offence::new(busy.service, busy.what))
        .collect::<Vec<_>>()
        .into()
}

/// Per topic, partition and consumer, what was sent is what was handled.
pub(super) fn tallies_agree(system: &System) -> Verdict {
    if system.states.values().all(|state| state.outbox.is_none()) {
        return nobody_counts();
    }
    let differ = disagreements(&system.states).into_iter();
    differ
        .map(|it| Offence::new(format!("{}/{}", it.topic, it.partition), it.to_string()))
        .collect::<Vec<_>>()
        .into()
}

fn nobody_counts() -> Verdict {
    Verdict::NotChecked { reason: "no service of this style shows message counters".to_owned() }
}
