//! What happens to every request before and after its handler, in one place.
//!
//! In this order: its trace and deadline are read, a deadline that has passed is 504, its body is bounded (or 413), the layers of
//! [`mesh::server`] take it on (or 429, or 503), a handler's panic becomes 500. Afterwards every error is a problem with the trace's id, and the request is counted by
//! its route's template.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    Router,
    extract::{MatchedPath, OriginalUri, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::{Instrument, Span, error_span, field::Empty, record_all};

use crate::{
    context::Context,
    extract,
    ids::Random,
    limits::Limits,
    metrics::{self, Identity, Metrics},
    platform::Platform,
    problem::{self, Problem},
    trace::{self, Trace},
    traces::Traces,
};

mod answer;
mod body;
mod conditional;
pub(crate) mod measure;

use measure::HttpMetrics;
pub use measure::InFlight;

/// Tells a request from every other: its place in a trace does not, where that is not recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival(pub(crate) u64);

struct Edge {
    identity: Identity,
    /// By which what is recorded of a request says whose it is.
    app: opentelemetry::Context,
    random: Random,
    traces: Traces,
    metrics: HttpMetrics,
    body_bytes: usize,
    body_read: Duration,
}

/// Puts the edge around all of `router`'s routes; tells how many requests are inside of it.
///
/// # Errors
/// `metrics` has an edge's metrics already: an App has one.
pub fn edge(
    router: Router,
    platform: &Platform,
    metrics: &Metrics,
    limits: &Limits,
) -> Result<(Router, InFlight), metrics::Error> {
    let edge = Edge {
        identity: metrics.identity().clone(),
        app: opentelemetry::Context::new().with_value(metrics.identity().clone()),
        random: platform.random().clone(),
        traces: platform.traces.clone(),
        metrics: HttpMetrics::new(metrics)?,
        body_bytes: limits.body_bytes,
        body_read: limits.body_read,
    };
    let in_flight = edge.metrics.in_flight();
    Ok((router.layer(middleware::from_fn_with_state(Arc::new(edge), around)), in_flight))
}

async fn around(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let measured = edge.metrics.start(request.method(), route);
    let asked = edge.traces.enter(trace::from_headers(request.headers()), &edge.random);
    let (span, here) = edge.span(&request, measured.route(), &asked);
    let context = Context::from_headers(request.headers(), here);
    let known = conditional::known(request.method(), request.headers());
    let response = async {
        let response = match context {
            Ok(context) => edge.handle(request, context, next, measured.body()).await,
            Err(problem) => Err(problem),
        };
        conditional::unless_known(answer::finish(response, &asked, started), known.as_ref())
    };
    let response = response.instrument(span.clone()).await;
    if here != asked {
        note(&span, response.status());
    }
    measured.end(response, started.elapsed(), &here)
}

impl Edge {
    /// The span of a request that goes on from `asked`, and where it is. It is there at every log level, since lines of each
    /// tell by it whose they are; what only a trace tells is added where that is recorded.
    fn span(&self, request: &Request, route: &str, asked: &Trace) -> (Span, Trace) {
        let method = request.method();
        let recorded = trace::recorded(asked);
        let path = || request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0).path();
        let name = recorded.then(|| format!("{method} {route}"));
        let _app = recorded.then(|| self.app.clone().attach());
        trace::child_of(asked, || {
            error_span!(
                "request",
                service = %self.identity.service,
                style = %self.identity.style,
                trace_id = %asked.trace_id(),
                http.request.method = %method,
                http.route = route,
                about = Empty,
                otel.name = name.as_deref(),
                otel.kind = "server",
                otel.link = Empty,
                otel.status_code = Empty,
                url.path = recorded.then(path),
                url.scheme = recorded.then_some("http"),
                http.response.status_code = Empty,
                error.type = Empty,
            )
        })
    }

    async fn handle(
        &self,
        mut request: Request,
        context: Context,
        next: Next,
        read: Arc<AtomicU64>,
    ) -> Result<Response, Problem> {
        if context.is_expired() {
            return Err(Problem::deadline_exceeded());
        }
        if declared_length(request.headers()).is_some_and(|length| length > self.body_bytes as u64) {
            return Err(extract::body_too_large());
        }
        request.extensions_mut().insert(context);
        request.extensions_mut().insert(Arrival(self.random.next_u64()));
        let request = request.map(|body| body::bounded(body, self.body_bytes, self.body_read, read));
        // The panic's message and place are logged by the panic hook. Whatever the handler left half done is
        // its own.
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        handled.map_err(|_| problem::internal_answer())
    }
}

/// What became of a request, in its span if that is recorded: of a server's answers those are errors that are its own fault.
fn note(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        record_all!(span, error.type = status.as_str(), otel.status_code = "ERROR");
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
