//! Panics: each is a line in the log and counted, whoever catches it.
//!
//! What becomes of it is for those who catch it: a handler's is answered with 500 by the [`edge`](crate::edge), a
//! transaction's is its caller's error, a durable task's is tried again; a background part's, and that of a thread of a
//! store, makes [liveness](crate::tasks::Liveness) fail, since nothing does their work any more.

use std::{
    any::Any,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// How many there were in this process: a hook belongs to a process, not to an App.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Has every panic of this process counted and logged, under the span that it happened in. Without it none is counted.
pub fn hook() {
    std::panic::set_hook(Box::new(|panic| {
        COUNT.fetch_add(1, Relaxed);
        let location = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        tracing::error!(panic.location = location, thread, "panicked: {}", message(panic.payload()));
    }));
}

/// How many panics there were since [`hook`] was called.
#[expect(clippy::cast_precision_loss, reason = "nobody sees 2^53 panics")]
pub(crate) fn count() -> f64 {
    COUNT.load(Relaxed) as f64
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
