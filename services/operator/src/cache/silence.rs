//! For how long a watch has told nothing.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// When something was heard last.
#[derive(Debug)]
pub struct Silence {
    since: Instant,
    /// In milliseconds after `since`, and 1 more; 0 is never.
    heard: AtomicU64,
}

impl Default for Silence {
    fn default() -> Self {
        Self { since: Instant::now(), heard: AtomicU64::new(0) }
    }
}

impl Silence {
    /// Something was heard just now.
    pub fn ends(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(millis.saturating_add(1), Ordering::Release);
    }

    /// Whether anything was heard yet.
    #[must_use]
    pub fn was_ever_heard(&self) -> bool {
        self.heard.load(Ordering::Acquire) > 0
    }

    /// For how long nothing was heard.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        let heard = Duration::from_millis(self.heard.load(Ordering::Acquire).saturating_sub(1));
        self.since.elapsed().saturating_sub(heard)
    }
}
