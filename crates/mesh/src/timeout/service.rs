//! A service each of whose calls is one try.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{ByTry, Handle, Part, Policy, handle::Counts};
use crate::{
    BoxError, InvalidPolicy,
    deadline::Deadline,
    until::{UntilBody, UntilWhole},
};

/// Ends tries that take too long. Its services count together.
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    policy: Policy,
    counts: Arc<Counts>,
}

impl TimeoutLayer {
    /// By this policy.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        Ok(Self { policy, counts: Arc::default() })
    }

    /// To read how many tries took too long.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { counts: Arc::clone(&self.counts) }
    }

    /// How long this try may take until its headers, and for the whole of its answer.
    fn limits<B>(&self, request: &Request<B>) -> (ByTry, Option<ByTry>) {
        let Policy { headers, whole } = self.policy;
        let begun = whole.map(|_| Instant::now());
        let deadline = Deadline::of(request);
        let limit =
            ByTry { within: headers, part: Part::Headers, begun, deadline, counts: Arc::clone(&self.counts) };
        let body = whole.map(|within| ByTry { within, part: Part::Body, ..limit.clone() });
        (limit, body)
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, layer: self.clone() }
    }
}

/// A service whose calls end when they take too long.
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    layer: TimeoutLayer,
}

impl<S, A, B> Service<Request<A>> for Timeout<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<UntilBody<B, ByTry>>;
    type Error = BoxError;
    type Future = UntilWhole<S::Future, ByTry>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    #[inline]
    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (limit, body) = self.layer.limits(&request);
        UntilWhole::new(self.inner.call(request), limit, body)
    }
}
