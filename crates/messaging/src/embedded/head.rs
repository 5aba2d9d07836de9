//! The last position of a topic, and whoever waits for it to grow.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use tokio::sync::Notify;

/// A topic's last position. Those who wait are woken in the order in which they began to: Tokio's `watch` would wake them
/// in one of chance, and a run of a whole system could not be repeated.
#[derive(Debug, Default)]
pub(super) struct Head(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    position: AtomicU64,
    grown: Notify,
}

impl Head {
    /// The head as a subscription sees it.
    pub(super) fn follow(&self) -> Followed {
        Followed(self.0.clone())
    }

    /// Whether there is a subscription now.
    pub(super) fn is_followed(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Tells that there are messages up to `position`.
    pub(super) fn advance(&self, position: u64) {
        if self.0.position.fetch_max(position, SeqCst) < position {
            self.0.grown.notify_waiters();
        }
    }
}

/// The head of a topic that is followed.
#[derive(Debug)]
pub(super) struct Followed(Arc<Shared>);

impl Followed {
    /// The last position.
    pub(super) fn position(&self) -> u64 {
        self.0.position.load(SeqCst)
    }

    /// Waits until there is something beyond `position`, and answers up to where. Cancel safe.
    pub(super) async fn beyond(&self, position: u64) -> u64 {
        loop {
            // Made before the look, so that what comes between the two is heard.
            let grown = self.0.grown.notified();
            let head = self.position();
            if head > position {
                return head;
            }
            grown.await;
        }
    }
}
