//! A service each of whose calls is one try.

use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    ByTry, Handle, Part, Policy,
    handle::{Counts, Shared},
};
use crate::{
    BoxError, InvalidPolicy,
    deadline::Deadline,
    lanes::{Lane, Laned},
    until::{UntilBody, UntilWhole},
};

/// Ends tries that take too long. Its services count together.
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    by_grpc: bool,
    shared: Laned<Shared>,
}

impl TimeoutLayer {
    /// By this policy.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        Ok(Self { by_grpc: false, shared: Laned::new(Shared { policy, counts: Counts::default() }) })
    }

    /// Of calls by gRPC: a body that is cut off ends with trailers, DEADLINE_EXCEEDED, and not with an error.
    #[must_use]
    pub fn by_grpc(self) -> Self {
        Self { by_grpc: true, ..self }
    }

    /// To read how many tries took too long.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { shared: self.shared.clone() }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, by_grpc: self.by_grpc, shared: self.shared.here() }
    }
}

/// A service whose calls end when they take too long.
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    by_grpc: bool,
    shared: Lane<Shared>,
}

impl<S> Timeout<S> {
    /// How long this try may take.
    fn limit<B>(&self, request: &Request<B>) -> ByTry {
        ByTry {
            part: Part::Headers,
            by_grpc: self.by_grpc,
            begun: self.shared.policy.whole.map(|_| Instant::now()),
            deadline: Deadline::of(request),
            shared: self.shared.clone(),
        }
    }
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
        let limit = self.limit(&request);
        UntilWhole::new(self.inner.call(request), limit)
    }
}
