//! What the other side is told.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, Request};
use tower_layer::Layer;
use tower_service::Service;

use super::{ClientPolicy, Deadline, Protocol, counts::Counts, wire};
use crate::{
    BoxError,
    lanes::{Lane, Laned},
    until::OrRefused,
};

/// Writes into each try what it has left, and does not send one that cannot make it any more. It belongs on the inside of retries and next to the
/// wire. Of [`ClientLayer::headers`](super::ClientLayer::headers).
#[derive(Clone, Debug)]
pub struct HeaderLayer {
    rules: Rules,
    counts: Laned<Counts>,
}

/// What is told, and when nothing is sent.
#[derive(Clone, Copy, Debug)]
struct Rules {
    protocol: Protocol,
    /// Whether the answer's body has to be there in time, too.
    whole: bool,
    least: Duration,
    way_back_percent: u8,
    at_most: Option<Duration>,
}

impl HeaderLayer {
    pub(super) fn new(protocol: Protocol, policy: &ClientPolicy, counts: Laned<Counts>) -> Self {
        let ClientPolicy { least, way_back_percent, body: whole, .. } = *policy;
        Self { rules: Rules { protocol, whole, least, way_back_percent, at_most: None }, counts }
    }

    /// No try is told more than this: where tries have a time-out of their own, that.
    #[must_use]
    pub fn at_most(self, time: Duration) -> Self {
        Self { rules: Rules { at_most: Some(time), ..self.rules }, ..self }
    }
}

impl Rules {
    /// What the other side is told of that: never less than a millisecond, which is the least that can be said.
    fn told(&self, left: Duration) -> Duration {
        let told = left - left * u32::from(self.way_back_percent) / 100;
        told.max(Duration::from_millis(1)).min(left)
    }

    /// Tells the other side, if that is what it would understand: by gRPC it holds a whole stream to what it is told. `false` if it cannot be said.
    fn tell(&self, left: Duration, headers: &mut HeaderMap) -> bool {
        let of_stream = self.protocol == Protocol::Grpc && !self.whole;
        of_stream || wire::write(self.protocol, self.told(left), headers)
    }

    /// What a try has left, if anybody said so.
    fn left<B>(&self, request: &Request<B>) -> Option<Duration> {
        let deadline = Deadline::of(request).map(Deadline::left);
        deadline.into_iter().chain(self.at_most).min()
    }
}

impl<S> Layer<S> for HeaderLayer {
    type Service = Header<S>;

    fn layer(&self, inner: S) -> Header<S> {
        Header { inner, rules: self.rules, counts: self.counts.here() }
    }
}

/// A service whose requests say what time they have left.
#[derive(Clone, Debug)]
pub struct Header<S> {
    inner: S,
    rules: Rules,
    counts: Lane<Counts>,
}

impl<S, B> Service<Request<B>> for Header<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = OrRefused<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let rules = self.rules;
        if let Some(left) = rules.left(&request)
            && (left < rules.least || !rules.tell(left, request.headers_mut()))
        {
            return OrRefused::refused(self.counts.refuse());
        }
        OrRefused::calling(self.inner.call(request))
    }
}
