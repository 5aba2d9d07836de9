//! Whom the relay sends to, and what it has not sent.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use database::Database;
use futures_util::future::BoxFuture;
use messaging::broker::{Failure, HeldBack};
use messaging::{Envelope, PublishError, Publisher, audit, outbox};

/// Keeps what it is sent, and fails on request.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiver(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    received: Vec<(String, Envelope)>,
    failing_keys: HashSet<String>,
    failing_topics: HashSet<String>,
}

impl Receiver {
    pub(super) fn versions(&self, order: &str) -> Vec<u64> {
        let state = self.0.lock().unwrap();
        state
            .received
            .iter()
            .filter(|(_, event)| event.subject == order)
            .filter_map(|(_, event)| event.version)
            .collect()
    }

    /// The first that it was sent.
    pub(super) fn first(&self) -> Envelope {
        self.0.lock().unwrap().received[0].1.clone()
    }

    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().received.len()
    }

    pub(super) fn fail_keys(&self, keys: &[&str]) {
        self.0.lock().unwrap().failing_keys = keys.iter().map(|&key| key.to_owned()).collect();
    }

    pub(super) fn fail_topics(&self, topics: &[&str]) {
        self.0.lock().unwrap().failing_topics = topics.iter().map(|&topic| topic.to_owned()).collect();
    }
}

impl Publisher for Receiver {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(async move {
            let mut state = self.0.lock().unwrap();
            let topic = topic.to_owned();
            if state.failing_topics.contains(&topic) {
                return Err(PublishError::Unavailable { topic, source: "nobody there".into() });
            }
            let mut failures: Vec<Failure> = Vec::new();
            for (index, envelope) in batch.iter().enumerate() {
                if !state.failing_keys.contains(&envelope.partition_key) {
                    state.received.push((topic.clone(), envelope.clone()));
                } else if failures
                    .iter()
                    .any(|failure| batch[failure.index].partition_key == envelope.partition_key)
                {
                    failures.push(Failure { index, cause: Box::new(HeldBack) });
                } else {
                    failures.push(Failure { index, cause: "422 Unprocessable".into() });
                }
            }
            if failures.is_empty() { Ok(()) } else { Err(PublishError::Partly { topic, failures }) }
        })
    }
}

/// The keys that wait for another attempt.
pub(super) async fn held(db: &Database) -> Vec<outbox::Held> {
    db.read(async |tx| outbox::held(tx, 10).await).await.unwrap()
}

/// How many messages are not confirmed.
pub(super) async fn waiting(db: &Database) -> u64 {
    db.read(async |tx| audit::of_outbox(tx).await).await.map(|audit| audit.unconfirmed).unwrap()
}
