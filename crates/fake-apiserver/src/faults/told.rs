//! An answer that is not told as it should be.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use tokio::time::{Sleep, sleep};
use tower::BoxError;

use super::{Fault, Faults};

type Piece = Option<Result<Frame<Bytes>, BoxError>>;

/// An answer.
pub struct Told {
    body: UnsyncBoxBody<Bytes, BoxError>,
    faults: Faults,
    how: How,
}

enum How {
    Well,
    /// So many pieces come yet, and then the end, or nothing.
    Part {
        left: usize,
        ends: bool,
    },
    Later {
        delay: Duration,
        held: Option<(Pin<Box<Sleep>>, Piece)>,
    },
}

impl Told {
    pub(super) fn new<B>(body: B, fault: Option<&Fault>, faults: Faults) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let how = match fault {
            Some(Fault::BreaksOff(pieces)) => How::Part { left: *pieces, ends: true },
            Some(Fault::Stalls(pieces)) => How::Part { left: *pieces, ends: false },
            Some(Fault::Lags(delay)) => How::Later { delay: *delay, held: None },
            _ => How::Well,
        };
        Self { body: body.map_err(Into::into).boxed_unsync(), faults, how }
    }
}

impl Body for Told {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Piece> {
        // Whoever is killed hears nothing any more.
        if self.faults.is_killed() {
            return Poll::Pending;
        }
        let Self { body, how, .. } = &mut *self;
        let body = Pin::new(body);
        match how {
            How::Well => body.poll_frame(context),
            How::Part { left: 0, ends: true } => Poll::Ready(None),
            How::Part { left: 0, ends: false } => Poll::Pending,
            How::Part { left, .. } => {
                let piece = ready!(body.poll_frame(context));
                *left -= 1;
                Poll::Ready(piece)
            }
            How::Later { delay, held } => {
                if held.is_none() {
                    let piece = ready!(body.poll_frame(context));
                    *held = Some((Box::pin(sleep(*delay)), piece));
                }
                let Some((sleep, _)) = held else { return Poll::Pending };
                ready!(sleep.as_mut().poll(context));
                Poll::Ready(held.take().and_then(|(_, piece)| piece))
            }
        }
    }
}
