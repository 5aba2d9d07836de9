//! Where calls come in.

use std::task::{Context, Poll};

use http::Request;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    ByDeadline, Deadline, Handle, ServerPolicy,
    counts::Counts,
    current::{Scoped, during, scoped},
    wire::Asked,
};
use crate::{
    BoxError, InvalidPolicy,
    lanes::{Lane, Laned},
    until::{OrRefused, Until, after},
};

/// Reads until when callers want their answers. Its services count together.
#[derive(Clone, Debug)]
pub struct ServerLayer {
    policy: ServerPolicy,
    counts: Laned<Counts>,
}

impl ServerLayer {
    /// By this policy.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: ServerPolicy) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        Ok(Self { policy, counts: Laned::new(Counts::default()) })
    }

    /// To read what came of deadlines.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { counts: self.counts.clone() }
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        Server { inner, policy: self.policy.clone(), counts: self.counts.here() }
    }
}

/// A service whose requests have a [`Deadline`], which is also the [`current`](super::current) one while it works on them.
#[derive(Clone, Debug)]
pub struct Server<S> {
    inner: S,
    policy: ServerPolicy,
    counts: Lane<Counts>,
}

impl<S> Server<S> {
    /// The deadline of a request, by what it says and by the policy.
    fn deadline<B>(&self, request: &Request<B>, now: Instant) -> Deadline {
        let asked = Asked::of(request.headers());
        if asked.unreadable {
            self.counts.unreadable();
        }
        let time = asked.time.unwrap_or(self.policy.default).min(self.policy.maximum);
        let deadline = Deadline::at(after(now, time));
        request.extensions().get().map_or(deadline, |given: &Deadline| deadline.min(*given))
    }
}

impl<S, B> Service<Request<B>> for Server<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = OrRefused<Until<Scoped<S::Future>, ByDeadline>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = Instant::now();
        let deadline = self.deadline(&request, now);
        if deadline.instant() <= now {
            return OrRefused::refused(self.counts.refuse());
        }
        deadline.give_to(&mut request);
        let future = during(deadline, || self.inner.call(request));
        let limit = self.policy.end.then(|| ByDeadline::new(deadline, false, &self.counts));
        OrRefused::calling(Until::new(scoped(deadline, future), limit))
    }
}
