//! A service whose calls are retried.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Policy, ResponseFuture, future::Kept, handle::Counters, unprocessed::OfError};
use crate::{
    BoxError, attempt,
    budget::Budget,
    classify::Classify,
    clock::{Clock, TokioClock},
    lanes::Lane,
    random::Random,
    replay::{self, Replay},
};

/// A service whose calls are retried. Clones share the budget, and each has its own readiness.
#[derive(Debug)]
pub struct Retry<S, K, C = TokioClock> {
    inner: S,
    shared: Lane<Shared<K, C>>,
}

/// What all services of a layer have in common.
pub(super) struct Shared<K, C> {
    pub(super) policy: Policy,
    pub(super) classifier: K,
    pub(super) budget: Budget<C>,
    pub(super) unprocessed: OfError,
    pub(super) counters: Arc<Counters>,
    pub(super) seed: AtomicU64,
}

impl<K, C> Shared<K, C> {
    /// A number from 0 to less than 1.
    pub(super) fn random(&self) -> f64 {
        Random(self.seed.fetch_add(1, Ordering::Relaxed)).part()
    }
}

impl<K, C> fmt::Debug for Shared<K, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<S, K, C> Retry<S, K, C> {
    pub(super) fn new(inner: S, shared: Lane<Shared<K, C>>) -> Self {
        Self { inner, shared }
    }
}

impl<S: Clone, K, C> Clone for Retry<S, K, C> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shared.clone())
    }
}

impl<S, K, C, B, Answer> Service<Request<B>> for Retry<S, K, C>
where
    S: Service<Request<Replay<B>>, Response = Response<Answer>> + Clone,
    S::Error: Into<BoxError>,
    K: Classify<Response<Answer>, S::Error>,
    C: Clock,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = ResponseFuture<S, K, B, C>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let policy = &self.shared.policy;
        let is_idempotent = policy.idempotent || attempt::is_idempotent(&request);
        let (head, body) = request.into_parts();
        let (body, original) = if policy.attempts > 1 {
            replay::record(body, policy.body_at_most)
        } else {
            (replay::once(body), None)
        };
        let kept = original.map(|body| Kept { head: head.clone(), body, service: self.inner.clone() });
        let first = self.inner.call(Request::from_parts(head, body));
        ResponseFuture::new(first, kept, is_idempotent, self.shared.clone())
    }
}
