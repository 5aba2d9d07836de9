//! What becomes of a call.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Call, shared::Waiting};
use crate::{BoxError, Refused, classify::Classify, clock::Clock, ready::Calling};

pin_project! {
    /// The call of the inner service, perhaps after a wait, or a refusal.
    #[derive(Debug)]
    pub struct ResponseFuture<S, F, Request, K, C>
    where
        C: Clock,
    {
        #[pin]
        step: Step<S, F, Request, K, C>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<S, F, Request, K, C>
    where
        C: Clock,
    {
        Waits { waiting: Waiting<C>, next: Option<(S, Request, K)> },
        Calling { #[pin] calling: Calling<S, F, Request>, call: Option<Call<C>>, classifier: K },
        Refused { refused: Refused },
    }
}

impl<S, F, Request, K, C: Clock> ResponseFuture<S, F, Request, K, C> {
    #[inline]
    pub(super) fn calling(calling: Calling<S, F, Request>, call: Call<C>, classifier: K) -> Self {
        Self { step: Step::Calling { calling, call: Some(call), classifier } }
    }

    pub(super) fn waiting(waiting: Waiting<C>, service: S, request: Request, classifier: K) -> Self {
        Self { step: Step::Waits { waiting, next: Some((service, request, classifier)) } }
    }

    pub(super) fn refused(refused: Refused) -> Self {
        Self { step: Step::Refused { refused } }
    }
}

impl<S, Request, K, C> Future for ResponseFuture<S, S::Future, Request, K, C>
where
    S: Service<Request>,
    S::Error: Into<BoxError>,
    K: Classify<S::Response, S::Error>,
    C: Clock,
{
    type Output = Result<K::Response<Call<C>>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.step.as_mut().project() {
                StepProjection::Refused { refused } => return Poll::Ready(Err(Box::new(refused.clone()))),
                StepProjection::Calling { calling, call, classifier } => {
                    let result = ready!(calling.poll(context));
                    // Who polls once more has had the answer.
                    let Some(call) = call.take() else { return Poll::Pending };
                    return Poll::Ready(classifier.classify(result, call).map_err(Into::into));
                }
                StepProjection::Waits { waiting, next } => match ready!(waiting.poll(context)) {
                    Err(refused) => Step::Refused { refused },
                    Ok(call) => {
                        let Some((service, request, classifier)) = next.take() else { return Poll::Pending };
                        let calling = Calling::waiting(service, request);
                        Step::Calling { calling, call: Some(call), classifier }
                    }
                },
            };
            this.step.set(next);
        }
    }
}
