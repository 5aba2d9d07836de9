//! What becomes of a call.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    Call,
    asking::{Asking, Found},
    pool::Pool,
};
use crate::{BoxError, classify::Classify, clock::Clock};

pin_project! {
    /// Looks for an endpoint, and then is that one's call.
    #[derive(Debug)]
    pub struct ResponseFuture<S, Request, K, C>
    where
        S: Service<Request>,
        C: Clock,
    {
        #[pin]
        step: Step<S, S::Future, Request, C>,
        classifier: K,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<S, F, Request, C>
    where
        C: Clock,
    {
        Asking { asking: Asking<S, C>, request: Option<Request> },
        Calling { #[pin] future: F, call: Option<Call<S, C>> },
        Over,
    }
}

impl<S: Service<Request> + Clone, Request, K, C: Clock> ResponseFuture<S, Request, K, C> {
    pub(super) fn new(pool: Arc<Pool<S, C>>, request: Request, session: Option<u64>, classifier: K) -> Self {
        let asking = Asking::new(pool, session);
        Self { step: Step::Asking { asking, request: Some(request) }, classifier }
    }
}

impl<S, Request, K, C> Future for ResponseFuture<S, Request, K, C>
where
    S: Service<Request> + Clone,
    S::Error: Into<BoxError>,
    K: Classify<S::Response, S::Error>,
    C: Clock,
{
    type Output = Result<K::Response<Call<S, C>>, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.step.as_mut().project() {
                StepProjection::Asking { asking, request } => {
                    let Poll::Ready(found) = asking.poll(context) else { return Poll::Pending };
                    match (found, request.take()) {
                        (Found::Ready(mut service, call), Some(request)) => {
                            let future = service.call(request);
                            this.step.set(Step::Calling { future, call: Some(call) });
                        }
                        (Found::Broken(error, Some(mut call)), _) => {
                            this.step.set(Step::Over);
                            call.ended(true);
                            return Poll::Ready(
                                this.classifier.classify(Err(error), call).map_err(Into::into),
                            );
                        }
                        (Found::Broken(error, None), _) => {
                            this.step.set(Step::Over);
                            return Poll::Ready(Err(error.into()));
                        }
                        (Found::Refused(refused), _) => {
                            this.step.set(Step::Over);
                            return Poll::Ready(Err(Box::new(refused)));
                        }
                        (Found::Ready(..), None) => return Poll::Pending,
                    }
                }
                StepProjection::Calling { future, call } => {
                    let Poll::Ready(result) = future.poll(context) else { return Poll::Pending };
                    // Who polls once more has had the answer.
                    let Some(mut call) = call.take() else { return Poll::Pending };
                    call.ended(result.is_err());
                    return Poll::Ready(this.classifier.classify(result, call).map_err(Into::into));
                }
                StepProjection::Over => return Poll::Pending,
            }
        }
    }
}
