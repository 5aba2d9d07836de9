//! OpenTelemetry's HTTP client metrics, under their Prometheus names: one series per service that is called, method and
//! outcome.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use tokio::time::Instant;

use super::Error;
use crate::{
    edge::measure::known,
    metrics::{self, CALL_SECONDS, Histogram, HistogramVec, Metrics, OTHER, Series},
    trace::Trace,
};

/// Who is called, as metrics name it: an extension of a request that is handed on by
/// [`stream`](super::HttpClient::stream).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub &'static str);

impl Default for Peer {
    fn default() -> Self {
        Self(OTHER)
    }
}

/// What a client counts its calls with.
#[derive(Debug)]
pub(super) struct Measure {
    duration: HistogramVec,
    series: Series<4, Histogram>,
}

impl Measure {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, metrics::Error> {
        let labels = &["http_request_method", "peer_service", "http_response_status_code", "error_type"];
        let help = "How long calls to other services took, until their answer, or why there was none.";
        let duration =
            metrics.histogram("http_client_request_duration_seconds", help, labels, CALL_SECONDS)?;
        Ok(Self { duration, series: Series::default() })
    }
}

/// A call that is being made. One that is dropped without an [`end`](Self::end) was given up by whoever made it.
pub(super) struct Measured {
    measure: Option<Arc<Measure>>,
    method: &'static str,
    peer: Peer,
    trace: Option<Trace>,
    begun: Instant,
}

impl Measured {
    pub(super) fn start(
        measure: Option<&Arc<Measure>>,
        method: &Method,
        peer: Peer,
        trace: Option<Trace>,
    ) -> Self {
        Self { measure: measure.cloned(), method: known(method), peer, trace, begun: Instant::now() }
    }

    /// Counts the call by what came of it.
    pub(super) fn end(mut self, outcome: Result<StatusCode, &Error>) {
        match outcome {
            Ok(status) => self.count(status.as_str(), ""),
            Err(error) => self.count("", error.kind()),
        }
    }

    fn count(&mut self, status: &str, error: &str) {
        let Some(measure) = self.measure.take() else { return };
        let labels = [self.method, self.peer.0, status, error];
        let histogram = measure.series.of(labels, |labels| measure.duration.with(&labels));
        histogram.time(self.begun.elapsed(), self.trace.as_ref());
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.count("", "given_up");
    }
}
