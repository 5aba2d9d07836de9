//! A service behind a breaker.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::futures::OwnedNotified;
use tower_service::Service;

use super::{
    Call, ResponseFuture,
    shared::{Shared, Waiting},
};
use crate::{
    BoxError, Refused, Why,
    classify::Classify,
    clock::{Clock, TokioClock},
    lanes::Lane,
};

/// A service behind a breaker. Clones share the breaker, and each has its own readiness.
#[derive(Debug)]
pub struct CircuitBreaker<S, K, C: Clock = TokioClock> {
    inner: S,
    classifier: K,
    shared: Lane<Shared<C>>,
    /// Whether the inner service was polled ready for the next call.
    ready: bool,
    /// Whether somebody was told that a call may be made, which holds until it is made: by refusing it, if need be.
    promised: bool,
    wait: Option<Wait<C>>,
}

/// A caller who waits for the inner service.
#[derive(Debug)]
struct Wait<C: Clock> {
    changed: Pin<Box<OwnedNotified>>,
    /// Held while the breaker is not closed, when only a few may wait.
    place: Option<Waiting<C>>,
}

impl<S, K, C: Clock> CircuitBreaker<S, K, C> {
    pub(super) fn new(inner: S, classifier: K, shared: Lane<Shared<C>>) -> Self {
        Self { inner, classifier, shared, ready: false, promised: false, wait: None }
    }

    fn promise(&mut self) -> Poll<Result<(), BoxError>> {
        self.promised = true;
        self.wait = None;
        Poll::Ready(Ok(()))
    }

    /// Whether to wait for an inner service that is not ready. If so, this task is woken when the breaker changes.
    fn waits(&mut self, context: &mut Context<'_>) -> bool {
        let shared = &self.shared;
        let wait = self.wait.get_or_insert_with(|| Wait {
            changed: Box::pin(Arc::clone(&shared.changed).notified_owned()),
            place: None,
        });
        while wait.changed.as_mut().poll(context).is_ready() {
            wait.changed.set(Arc::clone(&shared.changed).notified_owned());
        }
        // Only now, since a change before it was listened for wakes nobody.
        if !shared.breaker.is_willing(|| shared.clock.now()) {
            return false;
        }
        if shared.breaker.passes_all() {
            wait.place = None;
            return true;
        }
        if wait.place.is_none() {
            wait.place = Waiting::take(shared);
        }
        wait.place.is_some()
    }
}

impl<S: Clone, K: Clone, C: Clock> Clone for CircuitBreaker<S, K, C> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.classifier.clone(), self.shared.clone())
    }
}

impl<S, K, C, Request> Service<Request> for CircuitBreaker<S, K, C>
where
    S: Service<Request>,
    S::Error: Into<BoxError>,
    K: Classify<S::Response, S::Error> + Clone,
    C: Clock,
{
    type Response = K::Response<Call<C>>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future, K, C>;

    #[inline]
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.ready = false;
        let shared = &self.shared;
        if !shared.breaker.is_willing(|| shared.clock.now()) {
            return self.promise();
        }
        match self.inner.poll_ready(context) {
            Poll::Ready(Ok(())) => {
                self.ready = true;
                self.promise()
            }
            Poll::Ready(Err(error)) => {
                self.wait = None;
                // There will be no call that could tell.
                let told = match Call::admit(&self.shared) {
                    Ok(call) => self.classifier.classify(Err(error), call),
                    Err(_) => Err(error),
                };
                Poll::Ready(told.map(drop).map_err(Into::into))
            }
            Poll::Pending if !self.promised && self.waits(context) => Poll::Pending,
            Poll::Pending => self.promise(),
        }
    }

    #[inline]
    fn call(&mut self, request: Request) -> Self::Future {
        self.promised = false;
        if !std::mem::take(&mut self.ready) {
            let shared = &self.shared;
            shared.breaker.refuse();
            let wait = shared.breaker.next_probe(|| shared.clock.now());
            return ResponseFuture::refused(Refused::new(Why::CircuitOpen, wait));
        }
        match Call::admit(&self.shared) {
            Ok(call) => ResponseFuture::calling(self.inner.call(request), call, self.classifier.clone()),
            Err(wait) => ResponseFuture::refused(Refused::new(Why::CircuitOpen, wait)),
        }
    }
}
