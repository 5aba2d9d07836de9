//! An answer in any case.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{AnswerLayer, meaning::Protocol};
use crate::{BoxError, lanes::Lane};

pin_project! {
    /// The inner service's answer, or one that is made of its error.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        step: Step<F>,
        protocol: Protocol,
        answers: Lane<AnswerLayer>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<F> {
        Calling { #[pin] future: F },
        Erred { error: BoxError },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn calling(future: F, protocol: Protocol, answers: Lane<AnswerLayer>) -> Self {
        Self { step: Step::Calling { future }, protocol, answers }
    }

    pub(super) fn erred(error: BoxError, protocol: Protocol, answers: Lane<AnswerLayer>) -> Self {
        Self { step: Step::Erred { error }, protocol, answers }
    }
}

impl<F, B, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, Error>>,
    Error: Into<BoxError>,
    B: Default,
{
    type Output = Result<Response<B>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(Ok(match this.step.project() {
            StepProjection::Erred { error } => this.answers.answer(error.as_ref(), this.protocol),
            StepProjection::Calling { future } => match future.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(response)) => response,
                Poll::Ready(Err(error)) => this.answers.answer(error.into().as_ref(), this.protocol),
            },
        }))
    }
}
