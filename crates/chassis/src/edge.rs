//! What happens to every request before and after its handler, in one place.
//!
//! In this order: its trace and deadline are read, a place in flight is taken (or 429), a deadline that has
//! passed is 504, its body is bounded (or 413), a handler's panic becomes 500. Afterwards every error is a
//! problem with the trace's id, and the request is counted by its route's template.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use futures_util::FutureExt;
use tokio::{sync::Semaphore, time::Instant};
use tracing::{Instrument, Span, info_span};

use crate::{
    context::Context,
    extract,
    ids::Random,
    limits::Limits,
    metrics::{self, Identity, Metrics},
    platform::Platform,
    problem::{self, Problem, code},
    trace::Trace,
};

mod answer;
mod body;
pub(crate) mod measure;

use measure::HttpMetrics;

struct Edge {
    identity: Identity,
    random: Random,
    metrics: HttpMetrics,
    in_flight: Semaphore,
    body_bytes: usize,
    body_read: Duration,
}

/// Puts the edge around all of `router`'s routes.
///
/// # Errors
/// `metrics` has an edge's metrics already: an App has one.
pub fn edge(
    router: Router,
    platform: &Platform,
    metrics: &Metrics,
    limits: &Limits,
) -> Result<Router, metrics::Error> {
    let edge = Edge {
        identity: metrics.identity().clone(),
        random: platform.random().clone(),
        metrics: HttpMetrics::new(metrics)?,
        in_flight: Semaphore::new(limits.in_flight.min(Semaphore::MAX_PERMITS)),
        body_bytes: limits.body_bytes,
        body_read: limits.body_read,
    };
    Ok(router.layer(middleware::from_fn_with_state(Arc::new(edge), around)))
}

async fn around(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let measured = edge.metrics.start(request.method(), route);
    let context = Context::from_headers(request.headers(), &edge.random);
    let trace =
        context.as_ref().map_or_else(|_| Trace::from_headers(request.headers(), &edge.random), |it| it.trace);
    let span = edge.span(&request, measured.route(), &trace);
    let response = async {
        let response = match context {
            Ok(context) => edge.handle(request, context, next, measured.body()).await,
            Err(problem) => Err(problem),
        };
        answer::finish(response, &trace, started)
    };
    let response = response.instrument(span).await;
    measured.end(response, started.elapsed(), &trace)
}

impl Edge {
    fn span(&self, request: &Request, route: &str, trace: &Trace) -> Span {
        info_span!(
            "request",
            service = %self.identity.service,
            style = %self.identity.style,
            trace_id = %trace.trace_id(),
            method = %request.method(),
            route,
        )
    }

    async fn handle(
        &self,
        mut request: Request,
        context: Context,
        next: Next,
        read: Arc<AtomicU64>,
    ) -> Result<Response, Problem> {
        let Ok(_place) = self.in_flight.try_acquire() else { return Err(too_busy()) };
        if context.is_expired() {
            return Err(Problem::deadline_exceeded());
        }
        if declared_length(request.headers()).is_some_and(|length| length > self.body_bytes as u64) {
            return Err(extract::body_too_large());
        }
        let here = context.trace.child(&self.random);
        request.extensions_mut().insert(Context { trace: here, ..context });
        let request = request.map(|body| body::bounded(body, self.body_bytes, self.body_read, read));
        // The panic's message and place are logged by the panic hook. Whatever the handler left half done is
        // its own.
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        handled.map_err(|_| problem::internal_answer())
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_busy() -> Problem {
    let detail = "More requests at once than this service takes; try again a little later.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code::TOO_BUSY, detail)
}

#[cfg(test)]
mod tests;
