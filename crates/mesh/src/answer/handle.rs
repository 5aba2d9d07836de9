//! What was answered in place of errors, seen from outside.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::meaning::Meaning;

/// Reads how many errors became answers, from wherever.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) counts: Arc<Counts>,
}

/// How many errors became answers since the layer was made, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Calls that were not made: answered with 429 or 503. The layers that refused them know why.
    pub refused: u64,
    /// Time-outs: answered with 504.
    pub timed_out: u64,
    /// Other errors: answered with 502.
    pub failed: u64,
}

impl Handle {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Counts { refused, timed_out, failed } = &*self.counts;
        let [refused, timed_out, failed] = [refused, timed_out, failed].map(|count| count.load(Relaxed));
        Snapshot { refused, timed_out, failed }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    refused: AtomicU64,
    timed_out: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    pub(super) fn count(&self, meaning: &Meaning) {
        let count = match meaning {
            Meaning::Refused(_) => &self.refused,
            Meaning::TimedOut => &self.timed_out,
            Meaning::Failed => &self.failed,
        };
        count.fetch_add(1, Relaxed);
    }
}
