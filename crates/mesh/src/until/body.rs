//! A body that ends when its time is up.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::{Limit, poll_over};
use crate::BoxError;

pin_project! {
    /// A body that ends with an error, or with trailers that say so, when its time is up, if it has a limit at all. Frames that are there go first.
    ///
    /// # Panics
    /// Polled while it is pending outside of a tokio runtime with timers, if it has a limit.
    #[derive(Debug)]
    pub struct UntilBody<B, L> {
        #[pin]
        body: B,
        limit: Option<L>,
        // Apart from the body, which most clients want to be `Unpin`; most bodies never come to it.
        timer: Option<Pin<Box<Sleep>>>,
        over: bool,
    }
}

impl<B, L> UntilBody<B, L> {
    pub(crate) fn new(body: B, limit: Option<L>) -> Self {
        Self { body, limit, timer: None, over: false }
    }
}

/// Without a limit: what an answer that is made in place of the inner service's needs.
impl<B: Default, L> Default for UntilBody<B, L> {
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

impl<B, L> Body for UntilBody<B, L>
where
    B: Body,
    B::Error: Into<BoxError>,
    L: Limit,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        if *this.over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = this.body.poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(limit) = this.limit else { return Poll::Pending };
        let armed = this.timer.is_none();
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(limit.at())));
        poll_over(timer.as_mut(), armed, limit, context).map(|error| {
            *this.over = true;
            Some(if limit.by_grpc() { Ok(Frame::trailers(deadline_exceeded(&error))) } else { Err(error) })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The trailers of a call whose time is up.
fn deadline_exceeded(error: &BoxError) -> HeaderMap {
    const STATUS: HeaderName = HeaderName::from_static("grpc-status");
    const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
    const DEADLINE_EXCEEDED: HeaderValue = HeaderValue::from_static("4");
    let message = HeaderValue::try_from(error.to_string()).ok();
    let message = message.map(|message| (MESSAGE, message));
    [(STATUS, DEADLINE_EXCEEDED)].into_iter().chain(message).collect()
}
