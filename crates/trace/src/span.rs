//! Spans that go on from a place in a trace.

use std::fmt;

use tracing::Span;

use crate::{
    Trace,
    recorder::{self, HANDOVER, Handover},
};

/// The span that `make` makes, as a step that goes on from `parent`, and where it is: `parent` itself, if nobody records it.
///
/// The span stays within the one around it for logs; in the trace its parent is `parent`, wherever that is.
pub fn child_of(parent: &Trace, make: impl FnOnce() -> Span) -> (Span, Trace) {
    // Whatever `make` does, nothing is left for the next span that this thread makes.
    let _reset = Reset;
    HANDOVER.set(Handover::Parent(*parent));
    let span = make();
    match HANDOVER.get() {
        Handover::Place(place) => (span, place),
        Handover::Nothing | Handover::Parent(_) => (span, *parent),
    }
}

struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        HANDOVER.set(Handover::Nothing);
    }
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
    Span::current().with_subscriber(|(id, dispatch)| recorder::place_of(dispatch, id)).flatten()
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
    use tracing::info_span;
    use tracing_subscriber::{Layer, Registry, layer::Context, layer::SubscriberExt};

    use super::*;

    /// Records every span as step 7.
    struct Recorder;

    impl<S: tracing::Subscriber> Layer<S> for Recorder {
        fn on_new_span(&self, _: &tracing::span::Attributes<'_>, _: &tracing::span::Id, _: Context<'_, S>) {
            if let Some(parent) = recorder::take_parent() {
                recorder::give_place(parent.child(7));
            }
        }
    }

    fn asked() -> Trace {
        Trace::new([1, 2, 3]).sampled(true)
    }

    #[test]
    fn a_span_that_is_recorded_has_a_place_of_its_own() {
        tracing::subscriber::with_default(Registry::default().with(Recorder), || {
            assert_eq!(child_of(&asked(), || info_span!("step")).1, asked().child(7));
        });
    }

    #[test]
    fn what_nobody_records_is_where_the_caller_is() {
        assert_eq!(child_of(&asked(), || info_span!("step")).1, asked());
        assert_eq!(current(), None);
    }

    #[test]
    fn nothing_is_left_for_a_later_span() {
        let _ = child_of(&asked(), || info_span!("nobody"));
        assert!(std::panic::catch_unwind(|| child_of(&asked(), || panic!("for the test"))).is_err());
        assert_eq!(recorder::take_parent(), None);
    }
}
