//! Calls that belong together go to the same endpoint.

use http::{HeaderName, Request};

/// Which session a call belongs to.
pub trait Session<Request> {
    /// A number that calls of one session have in common, in every process; `None`: any endpoint will do.
    fn key(&self, request: &Request) -> Option<u64>;
}

/// Any endpoint will do.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSessions;

impl<Request> Session<Request> for NoSessions {
    #[inline]
    fn key(&self, _: &Request) -> Option<u64> {
        None
    }
}

/// Calls with the same value of a header go to the same endpoint; those without it to any.
#[derive(Clone, Debug)]
pub struct ByHeader(pub HeaderName);

impl<B> Session<Request<B>> for ByHeader {
    fn key(&self, request: &Request<B>) -> Option<u64> {
        request.headers().get(&self.0).map(|value| hash(value.as_bytes()))
    }
}

/// FNV-1a (Fowler, Noll, Vo), which is the same in every process.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
