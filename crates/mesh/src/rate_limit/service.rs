//! A service behind a rate limit.

use std::task::{Context, Poll};

use http::Response;
use tower_service::Service;

use super::{Everyone, Key, ResponseFuture, shared::Shared};
use crate::{
    BoxError,
    clock::{Clock, TokioClock},
    lanes::Lane,
    until::OrRefused,
};

/// A service behind a rate limit, which its clones share.
#[derive(Debug)]
pub struct RateLimit<S, K = Everyone, C = TokioClock> {
    inner: S,
    shared: Lane<Shared<K, C>>,
}

impl<S, K, C> RateLimit<S, K, C> {
    pub(super) fn new(inner: S, shared: Lane<Shared<K, C>>) -> Self {
        Self { inner, shared }
    }
}

impl<S: Clone, K, C> Clone for RateLimit<S, K, C> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shared.clone())
    }
}

impl<S, K, C, Request, B> Service<Request> for RateLimit<S, K, C>
where
    S: Service<Request, Response = Response<B>>,
    S::Error: Into<BoxError>,
    K: Key<Request>,
    C: Clock,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = OrRefused<ResponseFuture<S::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    #[inline]
    fn call(&mut self, request: Request) -> Self::Future {
        match self.shared.take(&request) {
            Err(refused) => OrRefused::refused(refused),
            Ok(standing) => {
                let told = self.shared.fields.clone().zip(standing);
                OrRefused::calling(ResponseFuture::new(self.inner.call(request), told))
            }
        }
    }
}
