//! Whether this process records spans at all, of which libraries need to know nothing else.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);

/// Says that this process's subscriber has a layer of `tracing-opentelemetry` that makes what it records OpenTelemetry's current
/// span while it is entered, and does not record what goes on from a place that is not sampled. Spans that are only worth
/// their price then are made from now on.
pub fn switch_on() {
    ON.store(true, Relaxed);
}

pub(crate) fn is_on() -> bool {
    ON.load(Relaxed)
}
