//! A call, or a refusal.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{BoxError, Refused};

pin_project! {
    /// The call of the inner service, or a refusal.
    #[derive(Debug)]
    pub struct OrRefused<F> {
        #[pin]
        step: Step<F>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<F> {
        Calling { #[pin] future: F },
        Refused { refused: Refused },
    }
}

impl<F> OrRefused<F> {
    pub(crate) fn calling(future: F) -> Self {
        Self { step: Step::Calling { future } }
    }

    pub(crate) fn refused(refused: Refused) -> Self {
        Self { step: Step::Refused { refused } }
    }
}

impl<F, Response, Error> Future for OrRefused<F>
where
    F: Future<Output = Result<Response, Error>>,
    Error: Into<BoxError>,
{
    type Output = Result<Response, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().step.project() {
            StepProjection::Calling { future } => future.poll(context).map_err(Into::into),
            StepProjection::Refused { refused } => Poll::Ready(Err(Box::new(refused.clone()))),
        }
    }
}
