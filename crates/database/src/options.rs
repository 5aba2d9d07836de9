//! How a store is opened.

use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, Failpoint};

/// How a store is opened; the defaults suit a service.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the store's time comes from.
    pub clock: Clock,
    /// Where transactions run.
    pub executor: Executor,
    /// How many works may share one commit, at least 1.
    pub max_group: usize,
    /// How many works may wait for the writer, and how many for the readers, at least 1.
    pub queue: usize,
    /// How long a work waits for room in a full queue before [`Error::Busy`](crate::Error::Busy).
    pub queue_wait: Duration,
    /// The most bytes that the database file may take, rounded down to whole pages; the write-ahead log
    /// comes on top. A write beyond it fails with an error that [`is_full`](crate::Error::is_full).
    pub max_bytes: Option<u64>,
    /// What a test has happen at the boundaries of transactions that run inline.
    pub failpoint: Option<Arc<dyn Failpoint>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            executor: Executor::Threads,
            max_group: 256,
            queue: 1024,
            queue_wait: Duration::from_secs(5),
            max_bytes: None,
            failpoint: None,
        }
    }
}

/// Where transactions run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Executor {
    /// On one thread for writes and at most two for reads: callers share commits, no caller blocks.
    #[default]
    Threads,
    /// On the calling task, which blocks meanwhile: one work per commit, in the order of the calls, so that
    /// a test on one thread runs the same way every time.
    Inline,
}
