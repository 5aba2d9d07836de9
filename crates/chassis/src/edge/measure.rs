//! OpenTelemetry's HTTP server metrics, under their Prometheus names.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::MatchedPath,
    http::Method,
    response::Response,
};

use super::body::Counted;
use crate::{
    metrics::{self, BODY_BYTES, CALL_SECONDS, Histogram, HistogramVec, Metrics, Series},
    trace::Trace,
};

/// The route of a request that no route matches.
pub(super) const UNMATCHED: &str = "unmatched";

/// How many sets of method, route and status are told apart: the gateway has a hundred routes.
const MOST: usize = 2048;

pub(super) struct HttpMetrics {
    duration: HistogramVec,
    request_size: HistogramVec,
    response_size: HistogramVec,
    active: InFlight,
    /// By method, route and status: one look-up per request.
    series: Series<3, Handles>,
}

/// What a request of some method, route and status is counted with.
struct Handles {
    duration: Histogram,
    request_size: Histogram,
    response_size: Histogram,
}

impl HttpMetrics {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, metrics::Error> {
        const BY_ROUTE: &[&str] = &["http_request_method", "http_route"];
        let help = "How long requests took, until the head of their answer.";
        let labels = &["http_request_method", "http_route", "http_response_status_code"];
        let duration =
            metrics.histogram("http_server_request_duration_seconds", help, labels, CALL_SECONDS)?;
        let help = "Bytes of requests' bodies, as far as they have come.";
        let request_size =
            metrics.histogram("http_server_request_body_size_bytes", help, BY_ROUTE, BODY_BYTES)?;
        let help = "Bytes of answers' bodies, as far as they were sent.";
        let response_size =
            metrics.histogram("http_server_response_body_size_bytes", help, BY_ROUTE, BODY_BYTES)?;
        let active = InFlight::default();
        let (shown, help) = (active.clone(), "Requests being handled.");
        metrics.read_gauge("http_server_active_requests", help, &[], move |samples| {
            samples.count(&[], shown.count());
        })?;
        Ok(HttpMetrics { duration, request_size, response_size, active, series: Series::at_most(MOST) })
    }

    /// How many requests are being handled.
    pub(super) fn in_flight(&self) -> InFlight {
        self.active.clone()
    }

    /// Counts a request as active until what this answers is dropped.
    pub(super) fn start(&self, method: &Method, route: Option<MatchedPath>) -> Measured<'_> {
        self.active.0.fetch_add(1, Relaxed);
        Measured { metrics: self, method: known(method), route, body: Arc::default() }
    }
}

/// How many requests are being handled. Clones count the same.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<AtomicU64>);

impl InFlight {
    /// So many, now.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A request that is being handled. It is dropped without an [`end`](Self::end) when its client goes away.
pub(super) struct Measured<'a> {
    metrics: &'a HttpMetrics,
    method: &'static str,
    route: Option<MatchedPath>,
    body: Arc<AtomicU64>,
}

impl Measured<'_> {
    /// The route's template, which is bounded, unlike its path.
    pub(super) fn route(&self) -> &str {
        self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str)
    }

    /// Counts what is read of the request's body.
    pub(super) fn body(&self) -> Arc<AtomicU64> {
        self.body.clone()
    }

    /// Counts the request, and what is sent of the answer's body once it has been.
    pub(super) fn end(self, response: Response, took: Duration, trace: &Trace) -> Response {
        let status = response.status();
        let labels = [self.method, self.route(), status.as_str()];
        let handles = self.metrics.series.of(labels, |[method, route, status]| Handles {
            duration: self.metrics.duration.with(&[method, route, status]),
            request_size: self.metrics.request_size.with(&[method, route]),
            response_size: self.metrics.response_size.with(&[method, route]),
        });
        handles.duration.time(took, Some(trace));
        handles.request_size.observe(self.body.load(Relaxed));
        match response.body().size_hint().exact() {
            Some(bytes) => {
                handles.response_size.observe(bytes);
                response
            }
            None => response.map(|body| {
                let size = handles.response_size.clone();
                Body::new(Counted::new(body, move |bytes| size.observe(bytes)))
            }),
        }
    }
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        self.metrics.active.0.fetch_sub(1, Relaxed);
    }
}

/// A client can make up methods, so those that nobody knows share a label.
pub(crate) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
