//! A service behind bulkheads.

use std::{
    hash::Hash,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{Key, ResponseFuture, keys::Keys};
use crate::{BoxError, Refused, Why, lanes::Lane, ready::Inner};

/// A service behind bulkheads. Clones share them, and each has its own readiness.
#[derive(Debug)]
pub struct Bulkhead<S, K, F> {
    inner: Inner<S>,
    keys: Lane<Keys<K>>,
    key: F,
}

impl<S, K, F> Bulkhead<S, K, F> {
    pub(super) fn new(inner: S, keys: Lane<Keys<K>>, key: F) -> Self {
        Self { inner: Inner::new(inner), keys, key }
    }
}

impl<S: Clone, K, F: Clone> Clone for Bulkhead<S, K, F> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), keys: self.keys.clone(), key: self.key.clone() }
    }
}

impl<S, K, F, Request> Service<Request> for Bulkhead<S, K, F>
where
    S: Service<Request> + Clone,
    S::Error: Into<BoxError>,
    K: Hash + Eq + Clone,
    F: Key<Request, K>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S, S::Future, Request, K>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(self.inner.poll(context).map_err(Into::into))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(key) = self.key.of(&request) else {
            return ResponseFuture::calling(self.inner.call(request), None);
        };
        let Some(room) = Keys::enter(&self.keys, key) else {
            self.keys.refused.fetch_add(1, Relaxed);
            let retry_after = self.keys.policy.retry_after;
            let retry_in = (!retry_after.is_zero()).then_some(retry_after);
            return ResponseFuture::refused(Refused::new(Why::LimitReached, retry_in));
        };
        ResponseFuture::calling(self.inner.call(request), Some(room))
    }
}
