//! Calls that have bulkheads between them, or not.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderName, HeaderValue, Request};
use pin_project_lite::pin_project;
use serde::{Deserialize, Serialize};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    BoxError, InvalidPolicy,
    bulkhead::{self, Bulkhead, BulkheadLayer, Header},
    policy::Problems,
};

/// How many calls each key may have under way, so that one that is stuck does not take the room of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkheadPolicy {
    /// Each value of this header has a compartment of its own: one that is set by whoever has authenticated the caller. Calls without it share one.
    pub header: String,
    /// Of what size they are.
    pub each: bulkhead::Policy,
}

/// Whose calls share a compartment: those with this value of the policy's header, or those without it.
pub type BulkheadKey = Option<HeaderValue>;

impl BulkheadPolicy {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.check(self.name().is_some(), "header", "the name of a header");
        problems.within("each", |problems| self.each.check(problems));
    }

    fn name(&self) -> Option<HeaderName> {
        self.header.parse().ok()
    }
}

/// Of one service, or one route.
#[derive(Clone, Debug)]
pub(super) enum PartedLayer {
    Off,
    On(BulkheadLayer<BulkheadKey, Header>),
}

impl PartedLayer {
    pub(super) fn new(policy: Option<&BulkheadPolicy>) -> Result<Self, InvalidPolicy> {
        let named = policy.and_then(|policy| Some((policy.name()?, policy.each.clone())));
        let Some((header, each)) = named else { return Ok(Self::Off) };
        Ok(Self::On(BulkheadLayer::new(each, Header::new(header))?))
    }

    pub(super) fn handle(&self) -> Option<bulkhead::Handle<BulkheadKey>> {
        match self {
            Self::Off => None,
            Self::On(layer) => Some(layer.handle()),
        }
    }
}

impl<S> Layer<S> for PartedLayer {
    type Service = Parted<S>;

    fn layer(&self, inner: S) -> Parted<S> {
        match self {
            Self::Off => Parted::Off { inner },
            Self::On(layer) => Parted::On { inner: layer.layer(inner) },
        }
    }
}

/// A service whose calls have bulkheads between them, or not.
#[derive(Clone, Debug)]
pub(super) enum Parted<S> {
    Off { inner: S },
    On { inner: Bulkhead<S, BulkheadKey, Header> },
}

pin_project! {
    /// What becomes of such a call.
    #[project = PartedProjection]
    pub(super) enum PartedFuture<S, F, Request> {
        Off { #[pin] future: F },
        On { #[pin] future: bulkhead::ResponseFuture<S, F, Request, BulkheadKey> },
    }
}

impl<S, A> Service<Request<A>> for Parted<S>
where
    S: Service<Request<A>, Error = BoxError> + Clone,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = PartedFuture<S, S::Future, Request<A>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Off { inner } => inner.poll_ready(context),
            Self::On { inner } => inner.poll_ready(context),
        }
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        match self {
            Self::Off { inner } => PartedFuture::Off { future: inner.call(request) },
            Self::On { inner } => PartedFuture::On { future: inner.call(request) },
        }
    }
}

impl<S, A> Future for PartedFuture<S, S::Future, Request<A>>
where
    S: Service<Request<A>, Error = BoxError>,
{
    type Output = Result<S::Response, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            PartedProjection::Off { future } => future.poll(context),
            PartedProjection::On { future } => future.poll(context),
        }
    }
}
