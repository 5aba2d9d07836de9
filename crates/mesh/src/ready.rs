//! An inner service that is called at once if it is ready, and waited for by the call if it is not.
//!
//! A limit that waited in `poll_ready` for the service behind it would bound nothing: callers would pile up in front of it, uncounted. So
//! the call waits instead, where it holds the room that it was given.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

#[derive(Debug)]
pub(crate) struct Inner<S> {
    service: S,
    /// Whether it was polled ready for the next call.
    ready: bool,
}

impl<S> Inner<S> {
    pub(crate) const fn new(service: S) -> Self {
        Self { service, ready: false }
    }

    /// Asks whether it is ready; who asks needs no more than that it has not failed.
    #[inline]
    pub(crate) fn poll<Request>(&mut self, context: &mut Context<'_>) -> Result<(), S::Error>
    where
        S: Service<Request>,
    {
        self.ready = false;
        if let Poll::Ready(asked) = self.service.poll_ready(context) {
            asked?;
            self.ready = true;
        }
        Ok(())
    }
}

impl<S: Clone> Inner<S> {
    /// Calls it. If it was not polled ready, the one that was polled goes with the call, and a clone stays here.
    #[inline]
    pub(crate) fn call<Request>(&mut self, request: Request) -> Calling<S, S::Future, Request>
    where
        S: Service<Request>,
    {
        if mem::take(&mut self.ready) {
            return Calling { step: Step::Called { future: self.service.call(request) } };
        }
        let clone = self.service.clone();
        Calling::waiting(mem::replace(&mut self.service, clone), request)
    }

    /// One to be called later, which holds nothing until then. Nor does the one that stays, unless it is ready for the next call.
    pub(crate) fn later(&mut self) -> S {
        let clone = self.service.clone();
        if !self.ready {
            self.service = clone.clone();
        }
        clone
    }
}

impl<S: Clone> Clone for Inner<S> {
    fn clone(&self) -> Self {
        Self::new(self.service.clone())
    }
}

pin_project! {
    /// A call, which waits for its service if need be.
    #[derive(Debug)]
    pub(crate) struct Calling<S, F, Request> {
        #[pin]
        step: Step<S, F, Request>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<S, F, Request> {
        Waits { service: S, request: Option<Request> },
        Called { #[pin] future: F },
    }
}

impl<S, F, Request> Calling<S, F, Request> {
    pub(crate) const fn waiting(service: S, request: Request) -> Self {
        Self { step: Step::Waits { service, request: Some(request) } }
    }
}

impl<S: Service<Request>, Request> Future for Calling<S, S::Future, Request> {
    type Output = Result<S::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let future = match this.step.as_mut().project() {
                StepProjection::Called { future } => return future.poll(context),
                StepProjection::Waits { service, request } => {
                    ready!(service.poll_ready(context))?;
                    // Who polls once more has had the answer.
                    let Some(request) = request.take() else { return Poll::Pending };
                    service.call(request)
                }
            };
            this.step.set(Step::Called { future });
        }
    }
}
