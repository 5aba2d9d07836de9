//! Calls that are limited in their rate, or not.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderName, Request, Response};
use pin_project_lite::pin_project;
use serde::{Deserialize, Serialize};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    BoxError, InvalidPolicy,
    policy::Problems,
    rate_limit::{self, Everyone, Header, OrRefused, RateLimit, RateLimitLayer},
};

/// How many calls there may be in a time, and whose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatePolicy {
    /// Each value of this header has a limit of its own: one that is set by whoever has authenticated the caller. Default: `None`, all calls together.
    pub header: Option<String>,
    /// How many.
    pub limit: rate_limit::Policy,
}

impl RatePolicy {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.check(self.header.is_none() || self.name().is_some(), "header", "the name of a header");
        problems.within("limit", |problems| self.limit.check(problems));
    }

    fn name(&self) -> Option<HeaderName> {
        self.header.as_ref()?.parse().ok()
    }
}

/// Of one server.
#[derive(Clone, Debug)]
pub(super) enum RatedLayer {
    Off,
    Together(RateLimitLayer),
    Each(RateLimitLayer<Header>),
}

impl RatedLayer {
    pub(super) fn new(policy: Option<&RatePolicy>) -> Result<Self, InvalidPolicy> {
        let Some(policy) = policy else { return Ok(Self::Off) };
        let limit = policy.limit.clone();
        Ok(match policy.name() {
            Some(header) => Self::Each(RateLimitLayer::by(limit, Header::new(header))?),
            None => Self::Together(RateLimitLayer::new(limit)?),
        })
    }

    pub(super) fn handle(&self) -> Option<rate_limit::Handle> {
        match self {
            Self::Off => None,
            Self::Together(layer) => Some(layer.handle()),
            Self::Each(layer) => Some(layer.handle()),
        }
    }
}

impl<S> Layer<S> for RatedLayer {
    type Service = Rated<S>;

    fn layer(&self, inner: S) -> Rated<S> {
        match self {
            Self::Off => Rated::Off { inner },
            Self::Together(layer) => Rated::Together { inner: layer.layer(inner) },
            Self::Each(layer) => Rated::Each { inner: layer.layer(inner) },
        }
    }
}

/// A service whose calls are limited in their rate, or not.
#[derive(Clone, Debug)]
pub(super) enum Rated<S> {
    Off { inner: S },
    Together { inner: RateLimit<S, Everyone> },
    Each { inner: RateLimit<S, Header> },
}

pin_project! {
    /// What becomes of such a call.
    #[project = RatedProjection]
    pub(super) enum RatedFuture<F> {
        Off { #[pin] future: F },
        On { #[pin] future: OrRefused<rate_limit::ResponseFuture<F>> },
    }
}

impl<S, A, B> Service<Request<A>> for Rated<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = RatedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Off { inner } => inner.poll_ready(context),
            Self::Together { inner } => inner.poll_ready(context),
            Self::Each { inner } => inner.poll_ready(context),
        }
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        match self {
            Self::Off { inner } => RatedFuture::Off { future: inner.call(request) },
            Self::Together { inner } => RatedFuture::On { future: inner.call(request) },
            Self::Each { inner } => RatedFuture::On { future: inner.call(request) },
        }
    }
}

impl<F, B> Future for RatedFuture<F>
where
    F: Future<Output = Result<Response<B>, BoxError>>,
{
    type Output = Result<Response<B>, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            RatedProjection::Off { future } => future.poll(context),
            RatedProjection::On { future } => future.poll(context),
        }
    }
}
