//! The chain of an aggregate's versions on a topic.

use database::{Error, Transaction, params};

use super::{Scope, store};
use crate::Envelope;

/// Where a message is in its aggregate's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It follows what was handled, or begins the chain.
    Next,
    /// Something as late or later was handled: it has nothing new to tell.
    Older,
    /// Something between what was handled and this message has not come.
    Gap(Gap),
}

/// Something is missing before a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {version} follows version {previous}, but the last one handled is {handled}")]
pub(crate) struct Gap {
    version: u64,
    previous: u64,
    handled: u64,
}

/// Where a message is in its aggregate's chain. A message without a version is in none, and is always next.
///
/// A consumer begins an aggregate's chain with whatever comes first. After that each message names the one before it.
/// Versions that an operator has discarded count as handled once all before them were.
pub(super) async fn link(tx: &mut Transaction, scope: &Scope, message: &Envelope) -> Result<Link, Error> {
    if message.version.is_none() {
        return Ok(Link::Next);
    }
    let at = at(tx, scope, &message.subject).await?;
    link_from(tx, scope, message, at).await
}

/// The version that an aggregate was last handled at.
pub(super) async fn at(tx: &mut Transaction, scope: &Scope, subject: &str) -> Result<Option<u64>, Error> {
    let of = params![&*scope.consumer, &*scope.topic, subject];
    tx.query_opt(store::VERSION, of, |row| row.get(0)).await
}

/// Where a message is in the chain of its aggregate, which was last handled `at` a version.
pub(super) async fn link_from(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
    at: Option<u64>,
) -> Result<Link, Error> {
    let Some(version) = message.version else { return Ok(Link::Next) };
    let (consumer, topic, subject) = (&*scope.consumer, &*scope.topic, &*message.subject);
    let Some(handled) = at else { return Ok(Link::Next) };
    if version <= handled {
        return Ok(Link::Older);
    }
    let mut previous = message.previous_version.unwrap_or(0);
    while previous > handled {
        let discarded = params![consumer, topic, subject, previous];
        let before: Option<u64> = tx.query_one(store::BEFORE_DISCARDED, discarded, |row| row.get(0)).await?;
        match before {
            // Versions fall on the way back, so this ends.
            Some(before) if before < previous => previous = before,
            _ => return Ok(Link::Gap(Gap { version, previous, handled })),
        }
    }
    Ok(Link::Next)
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
