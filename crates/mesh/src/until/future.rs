//! A call that ends when its time is up.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::{Limit, UntilBody, inside, poll_over};
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

    impl<F, L> PinnedDrop for Until<F, L> {
        fn drop(this: Pin<&mut Self>) {
            if this.timer.is_some() {
                inside::is_gone();
            }
        }
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
        let (polled, soonest) = inside::poll(|| this.future.poll(context));
        if let Poll::Ready(result) = polled {
            return Poll::Ready(result.map_err(Into::into));
        }
        let Some(limit) = this.limit else {
            soonest.into_iter().for_each(inside::waits);
            return Poll::Pending;
        };
        let armed = this.timer.is_none();
        if armed {
            let at = limit.at();
            if let Some(soonest) = soonest.filter(|soonest| *soonest <= at) {
                inside::waits(soonest);
                return Poll::Pending;
            }
            this.timer.set(Some(sleep_until(at)));
        }
        let Some(timer) = this.timer.as_pin_mut() else { return Poll::Pending };
        let at = timer.deadline();
        let polled = poll_over(timer, armed, limit, context);
        if polled.is_pending() {
            inside::waits(at);
        }
        polled.map(Err)
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
    }
}

impl<F, L> UntilWhole<F, L> {
    pub(crate) fn new(future: F, limit: L) -> Self {
        Self { until: Until::new(future, Some(limit)) }
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
        let mut until = self.project().until;
        let polled = until.as_mut().poll(context);
        polled.map_ok(|response| {
            let limit = until.project().limit.take().and_then(Limit::of_body);
            response.map(|body| UntilBody::new(body, limit))
        })
    }
}
