//! A service that answers where it would err.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{AnswerLayer, ResponseFuture, meaning::Protocol};
use crate::{BoxError, lanes::Lane};

/// A service that answers where the one inside errs.
#[derive(Debug)]
pub struct Answer<S> {
    inner: S,
    answers: Lane<AnswerLayer>,
    /// What the inner service ended with when it was asked whether it is ready; the next call tells.
    not_ready: Option<BoxError>,
}

impl<S> Answer<S> {
    pub(crate) fn new(inner: S, answers: Lane<AnswerLayer>) -> Self {
        Self { inner, answers, not_ready: None }
    }
}

impl<S: Clone> Clone for Answer<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.answers.clone())
    }
}

impl<S, A, B> Service<Request<A>> for Answer<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Default,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Who was told ready stays so until the call.
        if self.not_ready.is_none() {
            match self.inner.poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.not_ready = Some(error.into()),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let protocol = Protocol::of(request.headers());
        let answers = self.answers.clone();
        match self.not_ready.take() {
            Some(error) => ResponseFuture::erred(error, protocol, answers),
            None => ResponseFuture::calling(self.inner.call(request), protocol, answers),
        }
    }
}
