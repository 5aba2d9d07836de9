//! Calls that are limited in how many there are at a time, or not.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::policy::{Classifier, OwnErrors};
use crate::{
    BoxError, InvalidPolicy,
    classify::{OfError, Watched},
    clock::TokioClock,
    concurrency::{self, Call, Concurrency, ConcurrencyLayer},
    ready::{Calling, Inner},
};

/// Of one service, or one route.
#[derive(Clone, Debug)]
pub(super) enum LimitedLayer {
    Off,
    On(ConcurrencyLayer<Classifier>),
}

impl LimitedLayer {
    pub(super) fn new(
        policy: Option<&concurrency::Policy>,
        classifier: &Classifier,
    ) -> Result<Self, InvalidPolicy> {
        let Some(policy) = policy else { return Ok(Self::Off) };
        Ok(Self::On(ConcurrencyLayer::new(policy.clone(), classifier.clone())?))
    }

    pub(super) fn handle(&self) -> Option<concurrency::Handle> {
        match self {
            Self::Off => None,
            Self::On(layer) => Some(layer.handle()),
        }
    }
}

impl<S> Layer<S> for LimitedLayer {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        match self {
            Self::Off => Limited::Off { inner: Inner::new(inner) },
            Self::On(layer) => Limited::On { inner: layer.layer(inner) },
        }
    }
}

/// A service whose calls are limited in how many there are at a time, or not. In either case it is always ready, and a call waits for the service inside.
#[derive(Clone, Debug)]
pub(super) enum Limited<S> {
    Off { inner: Inner<S> },
    On { inner: Concurrency<S, Classifier> },
}

pin_project! {
    /// What becomes of such a call.
    #[project = LimitedProjection]
    pub(super) enum LimitedFuture<S, F, Request> {
        Off { #[pin] future: Calling<S, F, Request> },
        On { #[pin] future: concurrency::ResponseFuture<S, F, Request, Classifier, TokioClock> },
    }
}

impl<S, A, B> Service<Request<A>> for Limited<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    OwnErrors: OfError<S::Error>,
    B: Body,
{
    type Response = Response<Watched<B, Call<TokioClock>>>;
    type Error = BoxError;
    type Future = LimitedFuture<S, S::Future, Request<A>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Off { inner } => Poll::Ready(inner.poll(context).map_err(Into::into)),
            Self::On { inner } => inner.poll_ready(context),
        }
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        match self {
            Self::Off { inner } => LimitedFuture::Off { future: inner.call(request) },
            Self::On { inner } => LimitedFuture::On { future: inner.call(request) },
        }
    }
}

impl<S, A, B> Future for LimitedFuture<S, S::Future, Request<A>>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    OwnErrors: OfError<S::Error>,
    B: Body,
{
    type Output = Result<Response<Watched<B, Call<TokioClock>>>, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            LimitedProjection::On { future } => future.poll(context),
            LimitedProjection::Off { future } => {
                let result = ready!(future.poll(context)).map_err(Into::into);
                Poll::Ready(result.map(|response| response.map(Watched::told)))
            }
        }
    }
}
