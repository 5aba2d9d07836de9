//! Calls that are made once, or again, or twice.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::policy::{AttemptPolicy, Classifier};
use crate::{
    BoxError, InvalidPolicy,
    budget::Budget,
    classify::Classify,
    clock::TokioClock,
    hedge::{self, Hedge, HedgeLayer},
    replay::{self, Replay},
    retry::{self, Retry, RetryLayer},
};

/// Of one route.
#[derive(Clone, Debug)]
pub(super) enum AttemptsLayer {
    Once,
    Retry(RetryLayer<Classifier>),
    Hedge(HedgeLayer<Classifier>),
}

impl AttemptsLayer {
    pub(super) fn new(
        policy: AttemptPolicy,
        budget: &Budget,
        classifier: &Classifier,
        seed: Option<u64>,
    ) -> Result<Self, InvalidPolicy> {
        Ok(match policy {
            AttemptPolicy::Once => Self::Once,
            AttemptPolicy::Retry(policy) => {
                let builder = retry::Builder::new(policy, budget.clone());
                let builder = seed.into_iter().fold(builder, retry::Builder::seed);
                Self::Retry(builder.build(classifier.clone())?)
            }
            AttemptPolicy::Hedge(policy) => {
                let builder = hedge::Builder::new(policy, budget.clone(), TokioClock::default());
                Self::Hedge(builder.build(classifier.clone())?)
            }
        })
    }
}

impl<S> Layer<S> for AttemptsLayer {
    type Service = Attempts<S>;

    fn layer(&self, inner: S) -> Attempts<S> {
        match self {
            Self::Once => Attempts::Once { inner },
            Self::Retry(retry) => Attempts::Retry { inner: retry.layer(inner) },
            Self::Hedge(hedge) => Attempts::Hedge { inner: hedge.layer(inner) },
        }
    }
}

/// A service whose calls are made once, or again, or twice.
#[derive(Clone, Debug)]
pub enum Attempts<S> {
    /// Each call is made once.
    Once {
        /// The service.
        inner: S,
    },
    /// What failed is made again.
    Retry {
        /// The service behind retries.
        inner: Retry<S, Classifier>,
    },
    /// What takes long is made twice.
    Hedge {
        /// The service behind hedges.
        inner: Hedge<S, Classifier>,
    },
}

pin_project! {
    /// What becomes of such a call.
    pub struct AttemptsFuture<F, R, H> {
        #[pin]
        step: Step<F, R, H>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F, R, H> {
        Once { #[pin] future: F },
        Retry { #[pin] future: R },
        Hedge { #[pin] future: H },
    }
}

impl<S, B, Answer> Service<Request<B>> for Attempts<S>
where
    S: Service<Request<Replay<B>>, Response = Response<Answer>, Error = BoxError> + Clone,
    Classifier: Classify<Response<Answer>, BoxError>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = AttemptsFuture<
        S::Future,
        retry::ResponseFuture<S, Classifier, B, TokioClock>,
        hedge::ResponseFuture<S, Classifier, B, TokioClock>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Once { inner } => inner.poll_ready(context),
            Self::Retry { inner } => inner.poll_ready(context),
            Self::Hedge { inner } => inner.poll_ready(context),
        }
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let step = match self {
            Self::Once { inner } => Step::Once { future: inner.call(request.map(replay::once)) },
            Self::Retry { inner } => Step::Retry { future: inner.call(request) },
            Self::Hedge { inner } => Step::Hedge { future: inner.call(request) },
        };
        AttemptsFuture { step }
    }
}

impl<F, R, H, T> Future for AttemptsFuture<F, R, H>
where
    F: Future<Output = Result<T, BoxError>>,
    R: Future<Output = Result<T, BoxError>>,
    H: Future<Output = Result<T, BoxError>>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().step.project() {
            StepProjection::Once { future } => future.poll(context),
            StepProjection::Retry { future } => future.poll(context),
            StepProjection::Hedge { future } => future.poll(context),
        }
    }
}
