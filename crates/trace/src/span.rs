//! Spans that go on from a place in a trace.

use std::fmt;

use opentelemetry::{Context, trace::TraceContextExt};
use tracing::Span;

use crate::{Trace, recorder};

/// The span that `make` makes, as a step that goes on from `parent`, and where it is: `parent` itself, if nobody records it.
///
/// The span stays within the one around it for logs; in the trace its parent is `parent`, wherever that is.
pub fn child_of(parent: &Trace, make: impl FnOnce() -> Span) -> (Span, Trace) {
    // Most traces are not sampled, and most such steps are not within one that is: they cost no more than this look.
    let concerned = recorder::is_on() && (parent.is_sampled() || current().is_some());
    if !concerned {
        return (make(), *parent);
    }
    let _parent = Context::map_current(|around| around.with_remote_span_context(parent.into())).attach();
    let span = make();
    // While it is entered it is what is current, if it is recorded; if not, `parent` still is.
    let here = span.in_scope(current).unwrap_or(*parent);
    (span, here)
}

/// Whether spans that go on from `place` are recorded.
#[must_use]
pub fn recorded(place: &Trace) -> bool {
    recorder::is_on() && place.is_sampled()
}

/// The place that a `traceparent` tells, if spans that go on from there are recorded.
#[must_use]
pub fn recorded_from(traceparent: Option<&str>) -> Option<Trace> {
    if !recorder::is_on() {
        return None;
    }
    traceparent.and_then(|text| text.parse().ok()).filter(Trace::is_sampled)
}

/// Where the current span is, or the nearest around it that is recorded; `None` if none is.
#[must_use]
pub fn current() -> Option<Trace> {
    if !recorder::is_on() {
        return None;
    }
    Context::map_current(|current| Trace::try_from(current.span().span_context()).ok())
        .filter(Trace::is_sampled)
}

/// Says what the work of the current span is about: `about("order.id", &id)`. Its log lines and its trace tell it from now on,
/// if the span has the field `about`, as those of requests, messages and tasks have. No personal data.
pub fn about(key: &'static str, value: &impl fmt::Display) {
    Span::current().record("about", tracing::field::display(About(key, value)));
}

/// Links the current span to a place in another trace, in which its work has a part as well. Nothing, if the place is in the same
/// trace, is none, or the span is not recorded or has no field `otel.link`, as those of requests, messages and tasks have.
pub fn link(traceparent: &str) {
    if let (Some(here), Ok(other)) = (current(), traceparent.parse::<Trace>())
        && !here.is_with(&other)
    {
        Span::current().record("otel.link", traceparent);
    }
}

struct About<'a, V>(&'static str, &'a V);

impl<V: fmt::Display> fmt::Display for About<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::info_span;
    use tracing_subscriber::{Layer, Registry, filter::filter_fn, layer::SubscriberExt};

    use super::*;

    fn asked() -> Trace {
        Trace::new([1, 2, 3]).sampled(true)
    }

    /// Runs `test` in a process that records, but for spans called `nobody`.
    fn recording(test: impl FnOnce()) {
        recorder::switch_on();
        let layer = tracing_opentelemetry::layer().with_tracer(SdkTracerProvider::default().tracer("test"));
        let sampled = filter_fn(|metadata| metadata.name() != "nobody" && current().is_some());
        tracing::subscriber::with_default(Registry::default().with(layer.with_filter(sampled)), test);
    }

    #[test]
    fn a_span_that_is_recorded_has_a_place_of_its_own() {
        recording(|| {
            let (span, here) = child_of(&asked(), || info_span!("step"));
            assert!(here.is_with(&asked()) && here != asked());
            span.in_scope(|| assert_eq!(current(), Some(here)));
            assert_eq!(current(), None);
        });
    }

    #[test]
    fn what_nobody_records_is_where_the_caller_is() {
        recording(|| {
            let (around, here) = child_of(&asked(), || info_span!("step"));
            let other = Trace::new([4, 5, 6]);
            around.in_scope(|| {
                assert_eq!(child_of(&other.sampled(true), || info_span!("nobody")).1, other.sampled(true));
                assert_eq!(child_of(&other, || info_span!("step")).1, other);
                assert_eq!(current(), Some(here));
            });
            assert_eq!(child_of(&other, || info_span!("step")).1, other);
        });
    }

    #[test]
    fn nothing_is_left_for_a_later_span() {
        recording(|| {
            let _ = child_of(&asked(), || info_span!("nobody"));
            assert!(std::panic::catch_unwind(|| child_of(&asked(), || panic!("for the test"))).is_err());
            info_span!("later").in_scope(|| assert_eq!(current(), None));
        });
    }
}
