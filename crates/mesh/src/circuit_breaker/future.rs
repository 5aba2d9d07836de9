//! What becomes of a call.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::Call;
use crate::{BoxError, Refused, classify::Classify, clock::Clock};

pin_project! {
    /// The call of the inner service, or a refusal.
    #[derive(Debug)]
    pub struct ResponseFuture<F, K, C>
    where
        C: Clock,
    {
        #[pin]
        step: Step<F, K, C>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<F, K, C>
    where
        C: Clock,
    {
        Calling { #[pin] future: F, call: Option<Call<C>>, classifier: K },
        Refused { refused: Refused },
    }
}

impl<F, K, C: Clock> ResponseFuture<F, K, C> {
    #[inline]
    pub(super) fn calling(future: F, call: Call<C>, classifier: K) -> Self {
        Self { step: Step::Calling { future, call: Some(call), classifier } }
    }

    pub(super) fn refused(refused: Refused) -> Self {
        Self { step: Step::Refused { refused } }
    }
}

impl<F, K, C, Response, Error> Future for ResponseFuture<F, K, C>
where
    F: Future<Output = Result<Response, Error>>,
    Error: Into<BoxError>,
    K: Classify<Response, Error>,
    C: Clock,
{
    type Output = Result<K::Response<Call<C>>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().step.project() {
            StepProjection::Refused { refused } => Poll::Ready(Err(Box::new(refused.clone()))),
            StepProjection::Calling { future, call, classifier } => {
                let Poll::Ready(result) = future.poll(context) else { return Poll::Pending };
                // Who polls once more has had the answer.
                let Some(call) = call.take() else { return Poll::Pending };
                Poll::Ready(classifier.classify(result, call).map_err(Into::into))
            }
        }
    }
}
