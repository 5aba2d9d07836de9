//! The layer that records, and what it sees: nothing but what is sampled.

use opentelemetry_sdk::trace::SdkTracer;
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{
    Layer,
    layer::{Context, Filter},
    registry::LookupSpan,
};

use crate::{tasks, trace};

/// OpenTelemetry's layer, for spans and events at INFO and above that are within a place that is sampled, whatever is logged.
pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    let layer =
        layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
    layer.with_filter(Sampled)
}

struct Sampled;

impl<S> Filter<S> for Sampled {
    /// The parts of an App are seen, too: not to be recorded, but since what is within them is of that App.
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        concerns(metadata) && (trace::current().is_some() || tasks::is_part(metadata))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if concerns(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
}

/// What OpenTelemetry says of itself is in no span: it may say it while it holds what `trace::current` looks at.
fn concerns(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO && !metadata.target().starts_with("opentelemetry")
}
