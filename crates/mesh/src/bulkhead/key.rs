//! Which compartment a call belongs in.

use http::{HeaderValue, Request};

use super::Header;

/// Which compartment a request belongs in: functions that say so are keys, and a [`Header`] is one.
pub trait Key<Request, K> {
    /// The key of a request; `None` if it is let through.
    fn of(&self, request: &Request) -> Option<K>;
}

impl<Request, K, F: Fn(&Request) -> Option<K>> Key<Request, K> for F {
    #[inline]
    fn of(&self, request: &Request) -> Option<K> {
        self(request)
    }
}

/// A compartment for each value of the header. All requests without it share one.
impl<B> Key<Request<B>, Option<HeaderValue>> for Header {
    fn of(&self, request: &Request<B>) -> Option<Option<HeaderValue>> {
        Some(request.headers().get(self.name()).cloned())
    }
}
