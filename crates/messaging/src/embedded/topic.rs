//! What the broker knows of a topic without asking its store.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::head::{Followed, Head};
use super::store::{Appended, Backlog, Dropped};
use super::tail::{Sent, Tail};

/// A topic's state in memory. It is level-triggered: who looks late still sees the last value, so nothing polls.
#[derive(Debug, Default)]
pub(super) struct Topic {
    /// The last position.
    head: Head,
    tail: Mutex<Tail>,
    room: watch::Sender<Room>,
    published: AtomicU64,
    delivered: AtomicU64,
    refused: AtomicU64,
}

/// What a topic holds, and what has become of messages since the broker was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The topic.
    pub topic: String,
    /// Messages that were confirmed to their publishers.
    pub published: u64,
    /// Messages that were given to consumers, to each group once and again where one came back.
    pub delivered: u64,
    /// Messages that were refused since there was no room.
    pub refused: u64,
    /// What it holds now.
    pub backlog: Backlog,
}

#[derive(Clone, Copy, Debug, Default)]
struct Room {
    /// What the store holds.
    kept: Backlog,
    /// What publishers are about to add to it.
    coming: Backlog,
}

impl Topic {
    pub(super) fn head(&self) -> Followed {
        self.head.follow()
    }

    /// Whether there is a subscription now.
    pub(super) fn is_followed(&self) -> bool {
        self.head.is_followed()
    }

    /// The latest messages.
    pub(super) fn tail(&self) -> MutexGuard<'_, Tail> {
        // Nothing panics while it is held.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn backlog(&self) -> Backlog {
        self.room.borrow().kept
    }

    pub(super) fn figures(&self, topic: &str) -> Figures {
        Figures {
            topic: topic.to_owned(),
            published: self.published.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            backlog: self.backlog(),
        }
    }

    /// Messages were confirmed to their publisher.
    pub(super) fn published(&self, messages: u64) {
        self.published.fetch_add(messages, Relaxed);
    }

    /// Messages were given to a consumer.
    pub(super) fn delivered(&self, messages: usize) {
        self.delivered.fetch_add(messages as u64, Relaxed);
    }

    /// Messages were refused.
    pub(super) fn refused(&self, messages: u64) {
        self.refused.fetch_add(messages, Relaxed);
    }

    /// The topic has grown up to `position`.
    pub(super) fn advance(&self, position: u64) {
        self.head.advance(position);
    }

    /// The store has taken `added` in, which is `sent` if somebody may follow closely.
    pub(super) fn appended(&self, appended: Appended, added: Backlog, sent: Option<Arc<[Sent]>>) {
        self.room.send_modify(|room| room.kept = minus(plus(room.kept, added), appended.dropped));
        self.tail().push(appended.head, sent);
        self.advance(appended.head);
    }

    /// The store has dropped what nobody needs.
    pub(super) fn dropped(&self, dropped: Dropped) {
        let Dropped { until, backlog } = dropped;
        self.tail().forget(until);
        if backlog.messages > 0 {
            self.room.send_modify(|room| room.kept = minus(room.kept, backlog));
        }
    }

    /// What was kept when the broker was opened.
    pub(super) fn opened(&self, kept: Backlog) {
        self.room.send_modify(|room| room.kept = kept);
    }

    /// Waits for room, and keeps it until the result is dropped.
    ///
    /// There is room while the topic is below its limit, so that any one batch passes, however large.
    pub(super) async fn reserve(
        &self,
        batch: Backlog,
        limit: Backlog,
        wait: Duration,
    ) -> Option<Reserved<'_>> {
        let mut changes = self.room.subscribe();
        let reserve = async {
            loop {
                let took = self.room.send_if_modified(|room| {
                    let held = plus(room.kept, room.coming);
                    let free = held.messages < limit.messages && held.bytes < limit.bytes;
                    if free {
                        room.coming = plus(room.coming, batch);
                    }
                    free
                });
                // The sender lives as long as `self`, so there will be a change.
                if took || changes.changed().await.is_err() {
                    return Reserved { topic: self, batch };
                }
            }
        };
        tokio::time::timeout(wait, reserve).await.ok()
    }
}

/// Room for one batch on its way into the store.
#[derive(Debug)]
pub(super) struct Reserved<'a> {
    topic: &'a Topic,
    batch: Backlog,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.topic.room.send_modify(|room| room.coming = minus(room.coming, self.batch));
    }
}

fn plus(a: Backlog, b: Backlog) -> Backlog {
    Backlog { messages: a.messages + b.messages, bytes: a.bytes + b.bytes }
}

fn minus(a: Backlog, b: Backlog) -> Backlog {
    Backlog { messages: a.messages.saturating_sub(b.messages), bytes: a.bytes.saturating_sub(b.bytes) }
}
