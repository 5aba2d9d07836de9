//! An HTTP client for calls between services: bounded, with a deadline that shrinks along the way.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderMap, Method},
    response::Response as Streamed,
};
use database::Clock;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use mesh::{
    deadline::Deadline,
    stack::{ClientPolicy, Exception},
    telemetry::Telemetry,
};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::{
    context::{ACTOR, ANONYMOUS, Context, IDEMPOTENCY_KEY, TIMEOUT_MS},
    metrics::{self, Metrics},
    platform::Platform,
    trace::{TRACEPARENT, Trace},
};

mod call;
mod connector;
mod error;
mod measure;
mod noted;
mod response;
mod span;
mod ways;

pub use call::Call;
pub(crate) use connector::Connector;
pub use error::Error;
pub use measure::Peer;
use measure::{Measure, Measured};
pub use response::Response;
use ways::Ways;

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long connecting may take.
    pub connect: Duration,
    /// How long a connection is kept for the next call; less than servers keep it, or a call would now and
    /// then meet a connection that is just being closed.
    pub idle: Duration,
    /// Idle connections kept per host.
    pub idle_per_host: usize,
    /// Bytes of an answer's body; more is an error.
    pub max_body: usize,
    /// How long a call may take that does not say so itself.
    pub timeout: Duration,
    /// The [layers](mesh::stack) on the way to each service that is called by name. `None`: there are none, unless the client is an App's,
    /// which has them of its [`Limits`](crate::limits::Limits::client).
    pub policy: Option<ClientPolicy>,
    /// Answers that say something else of a service than usual, beside those of its [`Limits`](crate::limits::Limits::client): of an App's client.
    pub exceptions: Vec<Exception>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect: Duration::from_secs(1),
            idle: Duration::from_secs(10),
            idle_per_host: 256,
            max_body: 1024 * 1024,
            timeout: Duration::from_secs(10),
            policy: None,
            exceptions: vec![],
        }
    }
}

/// Calls other services. Clones share the connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    ways: Ways,
    clock: Clock,
    options: Options,
    measure: Option<Arc<Measure>>,
}

impl HttpClient {
    /// A client over the platform's network, with no connection yet.
    #[must_use]
    pub fn new(platform: &Platform, options: Options) -> Self {
        Self::shown_by(&Telemetry::default(), platform, options)
    }

    /// The same, whose layers `telemetry` shows.
    pub(crate) fn shown_by(telemetry: &Telemetry, platform: &Platform, options: Options) -> Self {
        let inner = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle)
            .pool_max_idle_per_host(options.idle_per_host)
            .build(Connector::new(platform.network.clone(), options.connect));
        let random = platform.random().fork();
        let ways = Ways::new(inner, options.policy.clone(), telemetry.clone(), random);
        HttpClient { ways, clock: platform.clock.clone(), options, measure: None }
    }

    /// Counts calls among the App's metrics, by the service that they are to: see [`Call::to`].
    ///
    /// # Errors
    /// The App counts those of another client already; clones of one client count together.
    pub fn measured(mut self, metrics: &Metrics) -> Result<Self, metrics::Error> {
        self.measure = Some(Arc::new(Measure::new(metrics)?));
        Ok(self)
    }

    /// Makes a call and reads the whole answer, whatever its status.
    ///
    /// A call whose pooled connection turns out to be closed before anything of it was sent is sent again
    /// over another.
    ///
    /// # Errors
    /// There is no answer, or it is too large; see [`Error::was_sent`].
    pub async fn send(&self, call: Call) -> Result<Response, Error> {
        let limit = call.timeout().unwrap_or(self.options.timeout);
        let deadline =
            call.context().map_or_else(|| Instant::now() + limit, |context| context.deadline_within(limit));
        let what = call.to_string();
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::TimedOut { call: what, sent: false });
        }
        let peer = call.peer();
        let measured = self.start(call.method(), peer, call.context().map(|context| context.trace));
        let request = call.into_request(|context, headers| self.propagate(context, Some(left), headers))?;
        let (span, mut request) = span::begin(request, peer);
        request.extensions_mut().insert(Deadline::at(deadline));
        // Boxed, since the future of each caller's caller would hold all of it.
        let exchange = Box::pin(self.exchange(&what, peer, request)).instrument(span.clone());
        let answered = match timeout_at(deadline, exchange).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::TimedOut { call: what, sent: true }),
        };
        span::end(&span, answered.as_ref().map(|answer| answer.status));
        measured.end(answered.as_ref().map(|answer| answer.status));
        answered
    }

    /// `GET`.
    ///
    /// # Errors
    /// See [`send`](Self::send); this is so for all that follow.
    pub async fn get_json(&self, context: &Context, url: &str) -> Result<Response, Error> {
        self.send(Call::get(url).for_context(context)).await
    }

    /// `POST` with a JSON body.
    ///
    /// # Errors
    /// See [`send`](Self::send).
    pub async fn post_json(
        &self,
        context: &Context,
        url: &str,
        body: &impl Serialize,
    ) -> Result<Response, Error> {
        self.send(Call::post(url).for_context(context).json(body)?).await
    }

    /// `PUT` with a JSON body.
    ///
    /// # Errors
    /// See [`send`](Self::send).
    pub async fn put_json(
        &self,
        context: &Context,
        url: &str,
        body: &impl Serialize,
    ) -> Result<Response, Error> {
        self.send(Call::put(url).for_context(context).json(body)?).await
    }

    /// `PATCH` with a JSON body.
    ///
    /// # Errors
    /// See [`send`](Self::send).
    pub async fn patch_json(
        &self,
        context: &Context,
        url: &str,
        body: &impl Serialize,
    ) -> Result<Response, Error> {
        self.send(Call::patch(url).for_context(context).json(body)?).await
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// See [`send`](Self::send).
    pub async fn delete(&self, context: &Context, url: &str) -> Result<Response, Error> {
        self.send(Call::delete(url).for_context(context)).await
    }

    /// Hands a request on as it is and its answer's body as it comes: for proxies and event streams. Neither
    /// is bounded in size or time beyond connecting, unless the extension [`Deadline`] says until when there has to be an answer; [`propagate`](Self::propagate) sets the headers, and the extension
    /// [`Peer`] says whom to count the call for. It is a step of the trace that its `traceparent` tells, as that of
    /// [`send`](Self::send) is.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn stream(&self, request: Request) -> Result<Streamed, Error> {
        let what = format!("{} {}", request.method(), request.uri());
        let peer = request.extensions().get().copied().unwrap_or_default();
        let trace = request.headers().get(&TRACEPARENT).and_then(|trace| trace.to_str().ok()?.parse().ok());
        let measured = self.start(request.method(), peer, trace);
        let (span, request) = span::begin(request, peer);
        let answered = Box::pin(self.ways.request(peer, &what, request)).instrument(span.clone()).await;
        span::end(&span, answered.as_ref().map(hyper::Response::status));
        measured.end(answered.as_ref().map(hyper::Response::status));
        answered
    }

    /// Sets the headers that tell the callee who asks, in which trace, under which key, and how much time is
    /// left.
    ///
    /// `left` is what remains of the caller's deadline; a twentieth of it is kept for the way back, so that
    /// the callee gives up first and can say so.
    pub fn propagate(&self, context: &Context, left: Option<Duration>, headers: &mut HeaderMap) {
        let mut set = |name, value: &str| {
            // All of these are visible ASCII; a context made by hand may hold something else, which is not
            // sent.
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        };
        set(TRACEPARENT, &context.trace.to_string());
        if context.actor != ANONYMOUS {
            set(ACTOR, &context.actor);
        }
        if let Some(key) = &context.idempotency_key {
            set(IDEMPOTENCY_KEY, key);
        }
        if let Some(left) = left {
            let left = (left - left / 20).as_millis().max(1);
            set(TIMEOUT_MS, &left.to_string());
        }
    }

    fn start(&self, method: &Method, peer: Peer, trace: Option<Trace>) -> Measured {
        Measured::start(self.measure.as_ref(), method, peer, trace)
    }

    async fn exchange(&self, what: &str, peer: Peer, request: Request) -> Result<Response, Error> {
        let answer = self.ways.request(peer, what, request).await?;
        let (head, body) = answer.into_parts();
        let collected = Limited::new(body, self.options.max_body).collect().await;
        let body = collected.map_err(|source| match source.downcast::<LengthLimitError>() {
            Ok(_) => Error::BodyTooLarge { call: what.to_owned(), limit: self.options.max_body },
            Err(source) => Error::Broken { call: what.to_owned(), source },
        })?;
        Ok(Response {
            call: what.to_owned(),
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    }
}

#[cfg(test)]
mod tests;
