//! A request's body that does not take for ever to arrive.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
};
use http_body_util::Limited;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

/// A body of at most `most` bytes, all of which arrive within `patience` of the first wait for them.
pub(super) fn bounded(body: Body, most: usize, patience: Duration) -> Body {
    Body::new(Timely { body: Limited::new(body, most), patience, deadline: None })
}

struct Timely {
    body: Limited<Body>,
    patience: Duration,
    /// Set when the body is waited for, which most bodies never are: they come with their head.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Timely {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
