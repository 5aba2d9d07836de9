//! The last position of a topic, and whoever waits for it to grow.

use eventcount::Eventcount;

/// A topic's last position.
#[derive(Debug, Default)]
pub(super) struct Head(Eventcount);

impl Head {
    /// The head as a subscription sees it.
    pub(super) fn follow(&self) -> Followed {
        Followed(self.0.clone())
    }

    /// Whether there is a subscription now.
    pub(super) fn is_followed(&self) -> bool {
        self.0.is_shared()
    }

    /// Tells that there are messages up to `position`.
    pub(super) fn advance(&self, position: u64) {
        self.0.advance_to(position);
    }
}

/// The head of a topic that is followed.
#[derive(Debug)]
pub(super) struct Followed(Eventcount);

impl Followed {
    /// The last position.
    pub(super) fn position(&self) -> u64 {
        self.0.read()
    }

    /// Waits until there is something beyond `position`, and answers up to where. Cancel safe.
    pub(super) async fn beyond(&self, position: u64) -> u64 {
        self.0.beyond(position).await
    }
}
