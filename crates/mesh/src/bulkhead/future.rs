//! What becomes of a call.

use std::{
    hash::Hash,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::keys::Room;
use crate::{BoxError, Refused, ready::Calling};

pin_project! {
    /// The call of the inner service, or a refusal.
    #[derive(Debug)]
    pub struct ResponseFuture<S, F, Request, K>
    where
        K: Hash,
        K: Eq,
        K: Clone,
    {
        #[pin]
        step: Step<S, F, Request, K>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<S, F, Request, K>
    where
        K: Hash,
        K: Eq,
        K: Clone,
    {
        Calling { #[pin] calling: Calling<S, F, Request>, room: Option<Room<K>> },
        Refused { refused: Refused },
    }
}

impl<S, F, Request, K: Hash + Eq + Clone> ResponseFuture<S, F, Request, K> {
    pub(super) fn calling(calling: Calling<S, F, Request>, room: Option<Room<K>>) -> Self {
        Self { step: Step::Calling { calling, room } }
    }

    pub(super) fn refused(refused: Refused) -> Self {
        Self { step: Step::Refused { refused } }
    }
}

impl<S, Request, K> Future for ResponseFuture<S, S::Future, Request, K>
where
    S: Service<Request>,
    S::Error: Into<BoxError>,
    K: Hash + Eq + Clone,
{
    type Output = Result<S::Response, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().step.project() {
            StepProjection::Refused { refused } => Poll::Ready(Err(Box::new(refused.clone()))),
            StepProjection::Calling { calling, room } => {
                let result = ready!(calling.poll(context));
                drop(room.take());
                Poll::Ready(result.map_err(Into::into))
            }
        }
    }
}
