//! How a subscription works, what a step of it does, and why one did not take place.

use std::sync::Arc;
use std::time::Duration;

/// How a subscription works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The name of this run of this replica, by which it holds its segments.
    pub instance: String,
    /// Into how many segments the partitions are divided, from 1 to 256. Every instance of a subscription says the same,
    /// for ever.
    pub segments: u16,
    /// How many events are handled at a time, per segment; at least 1.
    pub batch: usize,
    /// Behind which position a subscription begins that has no checkpoint yet: 0 for the oldest event.
    pub start: u64,
    /// How often to look without having been woken, for what other processes have appended.
    pub poll: Duration,
    /// How long another instance waits before it takes over from one that has gone away.
    pub lease: Duration,
    /// How long a segment waits whose handler failed once; twice as long with every further failure.
    pub first_wait: Duration,
    /// The longest that it waits.
    pub longest_wait: Duration,
}

impl Options {
    /// The defaults, for this run of this replica.
    #[must_use]
    pub fn new(instance: impl Into<String>) -> Self {
        Self {
            instance: instance.into(),
            segments: 16,
            batch: 256,
            start: 0,
            poll: Duration::from_millis(200),
            lease: Duration::from_secs(5),
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(10),
        }
    }

    /// How long a segment waits after so many failures. Without jitter, for only one instance tries it.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first_wait.saturating_mul(1 << doublings).min(self.longest_wait)
    }
}

/// Why a step did not take place; the next one does it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log cannot be read.
    #[error("reading the log for `{subscription}`")]
    Log {
        /// The subscription.
        subscription: Arc<str>,
        /// Why.
        #[source]
        source: database::Error,
    },
    /// The consumer's database failed.
    #[error("keeping the place of `{subscription}`")]
    Store {
        /// The subscription.
        subscription: Arc<str>,
        /// Why.
        #[source]
        source: database::Error,
    },
    /// It began with another number of segments.
    #[error("`{subscription}` began with {recorded} segments and cannot go on with {configured}")]
    Segments {
        /// The subscription.
        subscription: Arc<str>,
        /// How many it began with.
        recorded: u16,
        /// How many it is asked to have now, or 0 if there is no such number.
        configured: u16,
    },
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Events that were handled.
    pub handled: usize,
    /// Events that could not be handled, and that the handler has set aside.
    pub set_aside: usize,
    /// Segments whose handler failed.
    pub failed: usize,
    /// Whether the next step has something to do at once.
    pub more: bool,
}
