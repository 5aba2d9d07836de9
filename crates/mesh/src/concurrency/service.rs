//! A service behind a limit.

use std::task::{Context, Poll};

use tower_service::Service;

use super::{
    Call, OfRequest, Prioritize, ResponseFuture,
    shared::{Admission, Shared},
};
use crate::{
    BoxError,
    classify::Classify,
    clock::{Clock, TokioClock},
    lanes::Lane,
    ready::Inner,
};

/// A service behind a limit. Clones share the limit, and each has its own readiness.
#[derive(Debug)]
pub struct Concurrency<S, K, P = OfRequest, C: Clock = TokioClock> {
    inner: Inner<S>,
    classifier: K,
    priority: P,
    shared: Lane<Shared<C>>,
}

impl<S, K, P, C: Clock> Concurrency<S, K, P, C> {
    pub(super) fn new(inner: S, classifier: K, priority: P, shared: Lane<Shared<C>>) -> Self {
        Self { inner: Inner::new(inner), classifier, priority, shared }
    }
}

impl<S: Clone, K: Clone, P: Clone, C: Clock> Clone for Concurrency<S, K, P, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            classifier: self.classifier.clone(),
            priority: self.priority.clone(),
            shared: self.shared.clone(),
        }
    }
}

impl<S, K, P, C, Request> Service<Request> for Concurrency<S, K, P, C>
where
    S: Service<Request> + Clone,
    S::Error: Into<BoxError>,
    K: Classify<S::Response, S::Error> + Clone,
    P: Prioritize<Request>,
    C: Clock,
{
    type Response = K::Response<Call<C>>;
    type Error = BoxError;
    type Future = ResponseFuture<S, S::Future, Request, K, C>;

    #[inline]
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(self.inner.poll(context).map_err(Into::into))
    }

    #[inline]
    fn call(&mut self, request: Request) -> Self::Future {
        let priority = self.priority.priority(&request);
        if let Some(call) = Call::enter(&self.shared, priority) {
            return ResponseFuture::calling(self.inner.call(request), call, self.classifier.clone());
        }
        match Admission::without_room(&self.shared, priority) {
            Admission::Passes(call) => {
                ResponseFuture::calling(self.inner.call(request), call, self.classifier.clone())
            }
            Admission::Waits(waiting) => {
                ResponseFuture::waiting(waiting, self.inner.later(), request, self.classifier.clone())
            }
            Admission::Refused(refused) => ResponseFuture::refused(refused),
        }
    }
}
