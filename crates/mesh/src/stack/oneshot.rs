//! One call of a service of its own: as soon as it is ready.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

/// Waits until a service is ready, and calls it.
pub(super) fn oneshot<S: Service<Request>, Request>(service: S, request: Request) -> Oneshot<S, Request> {
    Oneshot { state: State::Waiting { call: Some((service, request)) } }
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
    }
}

impl<S: Service<Request>, Request> Future for Oneshot<S, Request> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Waiting { call } => {
                    // It is there until the call is made.
                    let Some((service, _)) = call.as_mut() else { return Poll::Pending };
                    ready!(service.poll_ready(context))?;
                    let Some((mut service, request)) = call.take() else { return Poll::Pending };
                    state.set(State::Calling { future: service.call(request) });
                }
                StateProjection::Calling { future } => return future.poll(context),
            }
        }
    }
}
