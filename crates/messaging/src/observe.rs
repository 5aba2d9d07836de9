//! What becomes of messages, told to whoever counts them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Envelope;

/// Told of messages as they leave and as they are handled. It is called by those who relay and consume, so it returns at
/// once; nothing depends on it.
pub trait Observer: Send + Sync + 'static {
    /// A message was confirmed by whoever it was sent to. `bytes` are those of its attributes and payload as JSON, and it
    /// has waited in the outbox for so long. After a crash it may be sent, and told of, again.
    fn sent(&self, topic: &str, message: &Envelope, bytes: usize, waited: Duration) {
        let _ = (topic, message, bytes, waited);
    }

    /// A relay has tried to send so many messages of a topic at once.
    fn relayed(&self, topic: &str, confirmed: usize, failed: usize) {
        let _ = (topic, confirmed, failed);
    }

    /// A message was received, for the first time or again.
    fn received(&self, topic: &str, message: &Envelope) {
        let _ = (topic, message);
    }

    /// A message was tried, which took so long, the commit included.
    fn processed(&self, topic: &str, message: &Envelope, fate: Fate, took: Duration) {
        let _ = (topic, message, fate, took);
    }
}

/// What became of a message that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is handled.
    Handled,
    /// It had been handled or parked before.
    Duplicate,
    /// It waits behind an earlier one of its key.
    Parked,
    /// It could not be handled, and waits for another attempt or for an operator.
    Failed,
}

impl Fate {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Duplicate => "duplicate",
            Self::Parked => "parked",
            Self::Failed => "failed",
        }
    }
}

/// An observer, or nobody.
#[derive(Clone, Default)]
pub(crate) struct Observed(Option<Arc<dyn Observer>>);

impl Observed {
    pub(crate) fn by(observer: Arc<dyn Observer>) -> Self {
        Self(Some(observer))
    }

    pub(crate) fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.0 {
            tell(&**observer);
        }
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observed").field(&self.0.is_some()).finish()
    }
}
