//! A publisher without a broker: every message is posted to the one who is to have it.
//!
//! How a message is posted is the caller's; here is only what a [`Publisher`] has to keep: messages of one key one
//! after the other, and none behind one that was not taken. Keys do not wait for one another, but when nobody is there,
//! the rest of the batch is not tried.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use crate::broker::{Cause, Failure, HeldBack};
use crate::{Envelope, PublishError, Publisher};

/// Keys whose messages are being posted at a time.
const KEYS: usize = 32;

/// Posts messages with `P`, a function that tells when a message was taken for good.
pub struct Webhook<P> {
    post: P,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Nobody is there; other messages would not be taken either.
    #[error("nobody is there")]
    Away(#[source] Cause),
    /// Somebody is there, and did not take this one.
    #[error("the message was refused")]
    Refused(#[source] Cause),
}

impl<P, F> Webhook<P>
where
    P: Fn(&Envelope) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), NotTaken>> + Send + 'static,
{
    /// A publisher that posts with `post`, which may be asked to post a message again that was taken already.
    pub const fn new(post: P) -> Self {
        Self { post }
    }

    /// Posts the messages at `indexes`, all of one key, until one is not taken.
    async fn post_in_order(
        &self,
        batch: &[Envelope],
        indexes: Vec<usize>,
        away: &AtomicBool,
    ) -> Vec<Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        for index in indexes {
            if !failures.is_empty() || away.load(Ordering::Relaxed) {
                failures.push(Failure { index, cause: HeldBack.into() });
                continue;
            }
            if let Err(error) = (self.post)(&batch[index]).await {
                away.fetch_or(matches!(error, NotTaken::Away(_)), Ordering::Relaxed);
                failures.push(Failure { index, cause: error.into() });
            }
        }
        failures
    }

    async fn publish_all(&self, topic: &str, batch: &[Envelope]) -> Result<(), PublishError> {
        let away = AtomicBool::new(false);
        let posting = by_key(batch).into_iter().map(|indexes| self.post_in_order(batch, indexes, &away));
        let mut failures: Vec<_> =
            stream::iter(posting).buffer_unordered(KEYS).flat_map(stream::iter).collect().await;
        failures.sort_by_key(|failure| failure.index);
        let topic = topic.to_owned();
        // The first message of each key was tried before anybody was known to be away, or it is the reason.
        match failures.iter().position(|failure| !failure.cause.is::<HeldBack>()) {
            None => Ok(()),
            Some(tried) if away.into_inner() && failures.len() == batch.len() => {
                Err(PublishError::Unavailable { topic, source: failures.swap_remove(tried).cause })
            }
            Some(_) => Err(PublishError::Partly { topic, failures }),
        }
    }
}

impl<P, F> Publisher for Webhook<P>
where
    P: Fn(&Envelope) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), NotTaken>> + Send + 'static,
{
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(self.publish_all(topic, batch))
    }
}

impl<P> fmt::Debug for Webhook<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

/// Where the messages of each key are, in the order of the batch.
fn by_key(batch: &[Envelope]) -> Vec<Vec<usize>> {
    let mut lanes: HashMap<&str, usize> = HashMap::new();
    let mut keys: Vec<Vec<usize>> = Vec::new();
    for (index, envelope) in batch.iter().enumerate() {
        let lane = *lanes.entry(&envelope.partition_key).or_insert(keys.len());
        match keys.get_mut(lane) {
            Some(indexes) => indexes.push(index),
            None => keys.push(vec![index]),
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use uuid::Uuid;

    use super::*;
    use crate::Data;

    /// Messages of these keys, numbered from 1.
    fn batch(keys: &[&str]) -> Vec<Envelope> {
        let numbered = (1..).zip(keys);
        numbered
            .map(|(id, key)| Envelope::new(Uuid::from_u128(id), "/a", "b", key, 0, Data::default()))
            .collect()
    }

    /// Publishes the batch to somebody who answers `answer`; returns what was posted, by number, in order.
    async fn publish(
        keys: &[&str],
        answer: fn(u128) -> Result<(), NotTaken>,
    ) -> (Vec<u128>, Result<(), PublishError>) {
        let posted = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&posted);
        let webhook = Webhook::new(move |envelope: &Envelope| {
            let (number, seen) = (envelope.id.as_u128(), Arc::clone(&seen));
            async move {
                tokio::task::yield_now().await;
                seen.lock().unwrap().push(number);
                answer(number)
            }
        });
        let result = webhook.publish("topic", &batch(keys)).await;
        let posted = posted.lock().unwrap().clone();
        (posted, result)
    }

    fn indexes(result: Result<(), PublishError>) -> Vec<usize> {
        match result {
            Err(PublishError::Partly { failures, .. }) => {
                failures.iter().map(|failure| failure.index).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn messages_of_a_key_arrive_in_order() {
        let (posted, result) = publish(&["x", "y", "x", "x", "y"], |_| Ok(())).await;
        assert!(result.is_ok());
        let of =
            |numbers: &[u128]| posted.iter().copied().filter(|it| numbers.contains(it)).collect::<Vec<_>>();
        assert_eq!((of(&[1, 3, 4]), of(&[2, 5])), (vec![1, 3, 4], vec![2, 5]));
    }

    #[tokio::test]
    async fn a_refused_message_holds_back_its_key_and_no_other() {
        let refuse_first = |number| {
            if number == 1 { Err(NotTaken::Refused("no".into())) } else { Ok(()) }
        };
        let (mut posted, result) = publish(&["x", "y", "x"], refuse_first).await;
        posted.sort();
        assert_eq!((posted, indexes(result)), (vec![1, 2], vec![0, 2]));
    }

    #[tokio::test]
    async fn where_nobody_is_there_the_rest_is_not_tried() {
        let keys: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (posted, result) = publish(&keys, |_| Err(NotTaken::Away("gone".into()))).await;
        assert!(matches!(result, Err(PublishError::Unavailable { .. })), "{result:?}");
        assert!(posted.len() <= KEYS, "{} were tried", posted.len());
    }

    #[tokio::test]
    async fn what_was_taken_before_nobody_was_there_is_confirmed() {
        let then_away = |number| {
            if number < 3 { Ok(()) } else { Err(NotTaken::Away("gone".into())) }
        };
        let (_, result) = publish(&["x", "x", "x", "x"], then_away).await;
        assert_eq!(indexes(result), [2, 3]);
    }
}
