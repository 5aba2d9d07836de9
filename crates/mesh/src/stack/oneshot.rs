//! One call of a service of its own: at once if that is ready, else as soon as it is.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

/// Calls a service if it is ready, or has the future wait for it and call it then.
pub(super) fn oneshot<S: Service<Request>, Request>(mut service: S, request: Request) -> Oneshot<S, Request> {
    // Nobody can be woken yet: the future asks again.
    let state = match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => State::Calling { future: service.call(request) },
        Poll::Ready(Err(error)) => State::Failed { error: Some(error) },
        Poll::Pending => State::Waiting { call: Some((service, request)) },
    };
    Oneshot { state }
}

pin_project! {
    /// A service that is waited for, and its call.
    pub(super) struct Oneshot<S: Service<Request>, Request> {
        #[pin]
        state: State<S, Request>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request>, Request> {
        Waiting { call: Option<(S, Request)> },
        Calling { #[pin] future: S::Future },
        Failed { error: Option<S::Error> },
    }
}

impl<S: Service<Request>, Request> Future for Oneshot<S, Request> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Calling { future } => return future.poll(context),
                StateProjection::Waiting { call } => {
                    // It is there until the call is made.
                    let Some((service, _)) = call.as_mut() else { return Poll::Pending };
                    ready!(service.poll_ready(context))?;
                    let Some((mut service, request)) = call.take() else { return Poll::Pending };
                    state.set(State::Calling { future: service.call(request) });
                }
                // Who polls once more has had the error.
                StateProjection::Failed { error } => {
                    return error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
                }
            }
        }
    }
}
