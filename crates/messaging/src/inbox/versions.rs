//! The chain of an aggregate's versions on a topic.

use database::{Error, Transaction, params};

use super::{Scope, store};
use crate::Envelope;

/// Something is missing before a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {version} follows version {previous}, but the last one handled is {handled}")]
pub(crate) struct Gap {
    version: u64,
    previous: u64,
    handled: u64,
}

/// Where a message stands before it is handled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The version that its aggregate was last handled at.
    pub(super) at: Option<u64>,
    /// Whether it was handled before, or is never to be.
    pub(super) is_known: bool,
    /// Whether it has to wait behind another.
    pub(super) is_blocked: bool,
}

/// Where a message with this version stands.
///
/// It is known by its version: a broker keeps the order of a key, so that whatever is older was handled. What an operator has
/// discarded is known by its id, since the chain may not be that far.
pub(super) async fn standing(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
    version: u64,
) -> Result<Standing, Error> {
    let (consumer, topic, key) = (&*scope.consumer, &*scope.topic, &message.partition_key);
    let of = params![consumer, topic, message.subject, key, message.id];
    tx.query_one(store::STANDING, of, |row| {
        let (at, seen, blocked): (Option<u64>, Option<i64>, Option<i64>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_known = seen.is_some() || at.is_some_and(|at| version <= at);
        Ok(Standing { at, is_known, is_blocked: blocked.is_some() })
    })
    .await
}

/// What is missing before a message that comes after what was handled, if its aggregate was last handled `at` a version. A
/// message without a version is in no chain, and nothing is missing before it.
///
/// A consumer begins an aggregate's chain with whatever comes first. After that each message names the one before it.
/// Versions that an operator has discarded count as handled once all before them were.
pub(super) async fn gap(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
    at: Option<u64>,
) -> Result<Option<Gap>, Error> {
    let (Some(version), Some(handled)) = (message.version, at) else { return Ok(None) };
    let (consumer, topic, subject) = (&*scope.consumer, &*scope.topic, &*message.subject);
    let mut previous = message.previous_version.unwrap_or(0);
    while previous > handled {
        let discarded = params![consumer, topic, subject, previous];
        let before: Option<u64> = tx.query_one(store::BEFORE_DISCARDED, discarded, |row| row.get(0)).await?;
        match before {
            // Versions fall on the way back, so this ends.
            Some(before) if before < previous => previous = before,
            _ => return Ok(Some(Gap { version, previous, handled })),
        }
    }
    Ok(None)
}

/// The aggregate is at the message's version from now on.
pub(super) async fn advance(tx: &mut Transaction, scope: &Scope, message: &Envelope) -> Result<(), Error> {
    if let Some(version) = message.version {
        let params = params![&*scope.consumer, &*scope.topic, message.subject, version];
        tx.execute(store::ADVANCE, params).await?;
    }
    Ok(())
}

/// Puts messages of the same aggregate into the order of their versions, each aggregate in the places it has.
///
/// A broker that keeps its contract never delivers them in another order; one that does not is healed by this, since
/// a message that comes too early waits among those parked.
pub(super) fn sort(messages: &mut [Envelope]) {
    let place = |subject: &str, messages: &[Envelope]| -> Vec<usize> {
        (0..messages.len())
            .filter(|at| messages[*at].subject == subject && messages[*at].version.is_some())
            .collect()
    };
    for at in 0..messages.len() {
        let places = place(&messages[at].subject, messages);
        // Each aggregate once, at its first place.
        if places.first() == Some(&at) {
            for sorted in 0..places.len() {
                let least = (sorted..places.len()).min_by_key(|other| messages[places[*other]].version);
                messages.swap(places[sorted], places[least.unwrap_or(sorted)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Data;

    fn message(subject: &str, version: Option<u64>) -> Envelope {
        Envelope { version, ..Envelope::new(Uuid::nil(), "/s", "k", subject, 0, Data::default()) }
    }

    #[test]
    fn each_aggregate_is_sorted_in_the_places_it_has() {
        let mut messages = [
            message("a", Some(3)),
            message("b", Some(9)),
            message("a", None),
            message("a", Some(1)),
            message("b", Some(8)),
            message("a", Some(2)),
        ];
        sort(&mut messages);
        let order: Vec<(&str, Option<u64>)> =
            messages.iter().map(|message| (&*message.subject, message.version)).collect();
        let expected =
            [("a", Some(1)), ("b", Some(8)), ("a", None), ("a", Some(2)), ("b", Some(9)), ("a", Some(3))];
        assert_eq!(order, expected);
    }
}
