//! A service whose slow calls are made twice.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    Policy, ResponseFuture,
    future::{Due, Kept},
    handle::Counters,
    latencies::Latencies,
};
use crate::{
    BoxError, attempt,
    budget::Budget,
    classify::Classify,
    clock::{Clock, TokioClock},
    lanes::Lane,
    replay::{self, Replay},
};

/// A service whose slow calls are made twice. Clones share the budget and the histogram, and each has its own readiness.
#[derive(Debug)]
pub struct Hedge<S, K, C = TokioClock> {
    inner: S,
    shared: Lane<Shared<K, C>>,
}

/// What all services of a layer have in common.
#[derive(Debug)]
pub(super) struct Shared<K, C> {
    pub(super) state: Arc<State>,
    pub(super) classifier: K,
    pub(super) budget: Budget<C>,
    pub(super) clock: C,
}

/// What a handle reads of it.
#[derive(Debug)]
pub(super) struct State {
    policy: Policy,
    pub(super) latencies: Latencies,
    pub(super) counters: Counters,
}

impl State {
    pub(super) fn new(policy: Policy) -> Self {
        let latencies = Latencies::new(policy.percentile, policy.minimum_calls);
        Self { policy, latencies, counters: Counters::default() }
    }

    /// After how long a hedge is due, once enough calls are known.
    pub(super) fn due_after(&self) -> Option<Duration> {
        self.latencies.percentile().map(|percentile| percentile.max(self.policy.not_before))
    }
}

impl<S, K, C> Hedge<S, K, C> {
    pub(super) fn new(inner: S, shared: Lane<Shared<K, C>>) -> Self {
        Self { inner, shared }
    }
}

impl<S: Clone, K, C> Clone for Hedge<S, K, C> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shared.clone())
    }
}

impl<S, K, C, B, Answer> Service<Request<B>> for Hedge<S, K, C>
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
        let State { policy, .. } = &*self.shared.state;
        let may_be_hedged = policy.idempotent || attempt::is_idempotent(&request);
        let due_after = self.shared.state.due_after().filter(|_| may_be_hedged);
        let (head, body) = request.into_parts();
        let Some(due_after) = due_after else {
            let first = self.inner.call(Request::from_parts(head, replay::once(body)));
            return ResponseFuture::new(first, None, self.shared.clone());
        };
        let (body, original) = replay::record(body, policy.body_at_most);
        let hedge = original.map(|body| {
            let kept = Kept { head: head.clone(), body, service: self.inner.clone() };
            Due { kept, after: due_after }
        });
        let first = self.inner.call(Request::from_parts(head, body));
        ResponseFuture::new(first, hedge, self.shared.clone())
    }
}
