//! Taking out of the outbox what was confirmed: that of several batches, of all topics, in one transaction.
//!
//! Until then it is still in the outbox, and would be sent again by whoever reads it. So nothing is read before it is marked;
//! after a crash it is sent again.

use std::collections::BTreeMap;
use std::time::Duration;

use database::leases::Token;
use database::{Database, Error};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::following::Place;
use super::step;

/// So many messages are marked without waiting for more.
const MANY: usize = 1024;

/// What was confirmed and is not marked yet.
#[derive(Debug, Default)]
pub(super) struct Marking {
    confirmed: BTreeMap<String, Vec<Place>>,
    messages: usize,
    /// When the first of them was confirmed.
    since: Option<Instant>,
}

/// The topics whose messages were to be marked, and why they could not be.
pub(super) type Marked = (Vec<String>, Result<(), Error>);

impl Marking {
    /// Messages of a topic were confirmed.
    pub(super) fn add(&mut self, topic: &str, places: Vec<Place>) {
        if places.is_empty() {
            return;
        }
        self.messages += places.len();
        self.since.get_or_insert_with(Instant::now);
        match self.confirmed.get_mut(topic) {
            Some(confirmed) => confirmed.extend(places),
            None => drop(self.confirmed.insert(topic.to_owned(), places)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// When to mark what is here, none of which is to wait longer than this.
    pub(super) fn due_at(&self, within: Duration) -> Option<Instant> {
        self.since.map(|since| if self.messages >= MANY { since } else { since + within })
    }

    /// Marks what is here, of which nobody has to remember anything from now on.
    pub(super) fn write(&mut self, db: Database, token: Token) -> BoxFuture<'static, Marked> {
        let confirmed = std::mem::take(self).confirmed;
        let topics = confirmed.keys().cloned().collect();
        Box::pin(async move { (topics, step::confirm(&db, token, confirmed).await) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_millis(20);

    fn places(sequences: std::ops::Range<u64>) -> Vec<Place> {
        let place = |sequence| Place { enqueued_at: 0, partition: 1, sequence, failures: None, bytes: 1 };
        sequences.map(place).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_confirmed_waits_for_more_of_any_topic_but_not_for_long() {
        let mut marking = Marking::default();
        marking.add("t", Vec::new());
        assert!(marking.is_empty() && marking.due_at(WITHIN).is_none());
        let first = Instant::now();
        marking.add("t", places(0..2));
        tokio::time::advance(WITHIN / 2).await;
        marking.add("u", places(0..1));
        marking.add("t", places(2..3));
        assert_eq!(marking.due_at(WITHIN), Some(first + WITHIN));
        assert_eq!((marking.confirmed["t"].len(), marking.confirmed["u"].len()), (3, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn much_that_is_confirmed_does_not_wait() {
        let (mut marking, now) = (Marking::default(), Instant::now());
        marking.add("t", places(0..MANY as u64));
        assert_eq!(marking.due_at(WITHIN), Some(now));
    }
}
