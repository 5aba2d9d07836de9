//! A call that ends when its time is up.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::{Limit, UntilBody, poll_over};
use crate::BoxError;

pin_project! {
    /// A call that ends when its time is up, if it has a limit, or with its own answer, which goes first.
    ///
    /// # Panics
    /// Polled while it is pending outside of a tokio runtime with timers, if it has a limit.
    #[derive(Debug)]
    pub struct Until<F, L> {
        #[pin]
        future: F,
        limit: Option<L>,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F, L> Until<F, L> {
    pub(crate) fn new(future: F, limit: Option<L>) -> Self {
        Self { future, limit, timer: None }
    }
}

impl<F, L, Response, Error> Future for Until<F, L>
where
    F: Future<Output = Result<Response, Error>>,
    L: Limit,
    Error: Into<BoxError>,
{
    type Output = Result<Response, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(result) = this.future.poll(context) {
            return Poll::Ready(result.map_err(Into::into));
        }
        let Some(limit) = this.limit else { return Poll::Pending };
        let armed = this.timer.is_none();
        if armed {
            this.timer.set(Some(sleep_until(limit.at())));
        }
        let Some(timer) = this.timer.as_pin_mut() else { return Poll::Pending };
        poll_over(timer, armed, limit, context).map(Err)
    }
}

pin_project! {
    /// The same, of an HTTP call whose body may be limited, too.
    ///
    /// # Panics
    /// As [`Until`] does.
    #[derive(Debug)]
    pub struct UntilWhole<F, L> {
        #[pin]
        until: Until<F, L>,
        body: Option<L>,
    }
}

impl<F, L> UntilWhole<F, L> {
    pub(crate) fn new(future: F, limit: L, body: Option<L>) -> Self {
        Self { until: Until::new(future, Some(limit)), body }
    }
}

impl<F, L, B, Error> Future for UntilWhole<F, L>
where
    F: Future<Output = Result<Response<B>, Error>>,
    L: Limit,
    Error: Into<BoxError>,
{
    type Output = Result<Response<UntilBody<B, L>>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.until
            .poll(context)
            .map_ok(|response| response.map(|body| UntilBody::new(body, this.body.take())))
    }
}
