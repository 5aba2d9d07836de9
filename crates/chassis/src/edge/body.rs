//! A request's body that does not take for ever to arrive, and bodies that are counted.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
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

/// A body of at most `most` bytes, all of which arrive within `patience` of the first wait for them; they are added to
/// `read` as they come.
pub(super) fn bounded(body: Body, most: usize, patience: Duration, read: Arc<AtomicU64>) -> Body {
    Body::new(Timely { body: Limited::new(body, most), patience, deadline: None, read })
}

struct Timely {
    body: Limited<Body>,
    patience: Duration,
    /// Set when the body is waited for, which most bodies never are: they come with their head.
    deadline: Option<Pin<Box<Sleep>>>,
    read: Arc<AtomicU64>,
}

impl HttpBody for Timely {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.read.fetch_add(length(frame.as_ref()), Relaxed);
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

/// How many bytes of data a frame brings.
fn length<E>(frame: Option<&Result<Frame<Bytes>, E>>) -> u64 {
    let data = frame.and_then(|frame| frame.as_ref().ok()?.data_ref());
    data.map_or(0, |data| data.len() as u64)
}

/// A body of unknown length, which tells how long it was when it is over, or given up.
pub(super) struct Counted<F: FnOnce(u64)> {
    body: Body,
    bytes: u64,
    tell: Option<F>,
}

impl<F: FnOnce(u64)> Counted<F> {
    pub(super) fn new(body: Body, tell: F) -> Self {
        Self { body, bytes: 0, tell: Some(tell) }
    }

    fn end(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(self.bytes);
        }
    }
}

impl<F: FnOnce(u64) + Unpin> HttpBody for Counted<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.bytes += length(frame.as_ref());
        if frame.is_none() {
            self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<F: FnOnce(u64)> Drop for Counted<F> {
    fn drop(&mut self) {
        self.end();
    }
}
