//! The right to write.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::time::Instant;

/// The right to write, for as long as the lease is renewed. Whoever gets the lease anew gets a new token.
#[derive(Clone, Debug)]
pub struct Token {
    origin: Instant,
    /// In milliseconds after `origin`.
    until: Arc<AtomicU64>,
}

impl Token {
    /// One that is valid until then.
    #[must_use]
    pub fn until(until: Instant) -> Self {
        let token = Self { origin: Instant::now(), until: Arc::default() };
        token.extend(until);
        token
    }

    /// Whether a write may start now.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let since = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        since < self.until.load(Ordering::Acquire)
    }

    /// It is valid until then.
    pub(super) fn extend(&self, until: Instant) {
        let millis = until.saturating_duration_since(self.origin).as_millis();
        self.until.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// It is valid no more.
    pub(super) fn revoke(&self) {
        self.until.store(0, Ordering::Release);
    }
}
