//! OpenTelemetry's HTTP server metrics, under their Prometheus names.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus::{HistogramVec, IntGauge};

use crate::metrics::{self, Metrics, SECONDS};

pub(super) struct HttpMetrics {
    duration: HistogramVec,
    active: IntGauge,
}

impl HttpMetrics {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, metrics::Error> {
        let labels = ["http_request_method", "http_route", "http_response_status_code"];
        let help = "How long requests took, until the head of their answer.";
        let duration = metrics.histogram("http_server_request_duration_seconds", help, &labels, SECONDS)?;
        let active = metrics.gauge("http_server_active_requests", "Requests being handled.", &[])?;
        Ok(HttpMetrics { duration, active: active.with_label_values::<&str>(&[]) })
    }

    /// Counts a request as active until what this answers is dropped.
    pub(super) fn start<'a>(&'a self, method: &Method, route: &str) -> Measured<'a> {
        self.active.inc();
        Measured { metrics: self, method: known(method), route: route.to_owned() }
    }
}

/// A request that is being handled. It is dropped without an [`end`](Self::end) when its client goes away.
pub(super) struct Measured<'a> {
    metrics: &'a HttpMetrics,
    method: &'static str,
    route: String,
}

impl Measured<'_> {
    pub(super) fn end(self, status: StatusCode, took: Duration) {
        let labels = [self.method, &self.route, status.as_str()];
        self.metrics.duration.with_label_values(&labels).observe(took.as_secs_f64());
    }
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        self.metrics.active.dec();
    }
}

/// A client can make up methods, so those that nobody knows share a label.
fn known(method: &Method) -> &'static str {
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
