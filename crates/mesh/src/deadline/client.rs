//! Where calls go out.

use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    ByDeadline, ClientPolicy, Deadline, Handle, HeaderLayer, Protocol,
    counts::Counts,
    current::{Scoped, during, scoped},
    wire,
};
use crate::{
    BoxError, InvalidPolicy,
    lanes::{Lane, Laned},
    until::{OrRefused, UntilBody, UntilWhole, after},
};

/// Says until when calls have their answers. It belongs outside of retries, so that it ends all tries of a call. Its services count together.
#[derive(Clone, Debug)]
pub struct ClientLayer {
    policy: ClientPolicy,
    by_grpc: bool,
    counts: Laned<Counts>,
}

impl ClientLayer {
    /// By this policy.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: ClientPolicy) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        Ok(Self { policy, by_grpc: false, counts: Laned::new(Counts::default()) })
    }

    /// Of calls by gRPC: the `grpc-timeout` that a request has by itself counts, too, as its caller says there how long he waits; and a body that is cut off
    /// ends with trailers, DEADLINE_EXCEEDED, and not with an error.
    #[must_use]
    pub fn by_grpc(self) -> Self {
        Self { by_grpc: true, ..self }
    }

    /// What belongs on the inside of retries: it tells the other side what each try has left. It counts together with this.
    #[must_use]
    pub fn headers(&self, protocol: Protocol) -> HeaderLayer {
        HeaderLayer::new(protocol, &self.policy, self.counts.clone())
    }

    /// To read what came of deadlines.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { counts: self.counts.clone() }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client { inner, policy: self.policy.clone(), by_grpc: self.by_grpc, counts: self.counts.here() }
    }
}

/// A service whose calls end at their deadline, which is the [`current`](super::current) one of each.
#[derive(Clone, Debug)]
pub struct Client<S> {
    inner: S,
    policy: ClientPolicy,
    by_grpc: bool,
    counts: Lane<Counts>,
}

impl<S> Client<S> {
    fn deadline<B>(&self, request: &Request<B>, now: Instant) -> Deadline {
        let asked = self.by_grpc.then(|| wire::grpc_of(request.headers())).flatten();
        let time = asked.map_or(self.policy.at_most, |asked| asked.min(self.policy.at_most));
        let own = Deadline::at(after(now, time));
        let inherited = Deadline::of(request);
        inherited.map_or(own, |inherited| inherited.sooner_by(self.policy.hop_margin).min(own))
    }
}

impl<S, A, B> Service<Request<A>> for Client<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<UntilBody<B, ByDeadline>>;
    type Error = BoxError;
    type Future = OrRefused<UntilWhole<Scoped<S::Future>, ByDeadline>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let now = Instant::now();
        let deadline = self.deadline(&request, now);
        let left = deadline.instant().saturating_duration_since(now);
        if left.is_zero() || left < self.policy.least {
            return OrRefused::refused(self.counts.refuse());
        }
        deadline.replace_in(&mut request);
        let future = during(deadline, || self.inner.call(request));
        let limit = ByDeadline::new(deadline, self.policy.body, &self.counts).by_grpc(self.by_grpc);
        OrRefused::calling(UntilWhole::new(scoped(deadline, future), limit))
    }
}
