//! The layer that turns the process's spans into those of the protocol.

use std::{fmt, sync::Arc};

use opentelemetry_proto::tonic::trace::v1::{
    Span,
    span::{Event, SpanKind},
};
use tracing::{
    Dispatch, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{
    Ended, Parts,
    app::App,
    fields::{Fields, Home, Said},
};
use crate::trace::Trace;

/// More events than this are dropped, and counted in the span.
const MOST_EVENTS: usize = 32;

/// Of the flags of a span: those that say that it is known where the parent is, and that it is in another process or part.
const PARENT_IS_REMOTE: u32 = 0x300;

/// Of the flags of a span: that it is known where the parent is.
const PARENT_IS_KNOWN: u32 = 0x100;

/// Records spans that go on from a place that is sampled, and those within them; see the [module](super).
pub struct Recorder(Arc<Parts>);

/// A span that is recorded.
struct Recording {
    place: Trace,
    app: Arc<App>,
    span: Box<Span>,
}

/// Whose the spans within a span are that is not recorded itself.
struct Within(Arc<App>);

impl Recorder {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self(parts)
    }

    /// Whose a span is: what it says itself, or what the nearest around it says.
    fn app<S>(&self, attributes: &Attributes<'_>, span: &SpanRef<'_, S>) -> Arc<App>
    where
        S: for<'a> LookupSpan<'a>,
    {
        self.said(attributes).or_else(|| around(span)).unwrap_or_else(|| self.0.apps.process().clone())
    }

    fn said(&self, attributes: &Attributes<'_>) -> Option<Arc<App>> {
        attributes.metadata().fields().field("service")?;
        let mut home = Home::default();
        attributes.record(&mut home);
        Some(self.0.home(&home.service?, home.style.as_deref().unwrap_or_default()))
    }

    fn begin(&self, attributes: &Attributes<'_>, parent: Trace, remote: bool, app: Arc<App>) -> Recording {
        let place = parent.child(self.0.random.next_u64());
        let mut span = Box::new(Span {
            trace_id: place.trace_id_bytes().to_vec(),
            span_id: place.span_id_bytes().to_vec(),
            parent_span_id: parent.span_id_bytes().to_vec(),
            flags: if remote { PARENT_IS_REMOTE } else { PARENT_IS_KNOWN } | 1,
            name: attributes.metadata().name().to_owned(),
            kind: SpanKind::Internal as i32,
            start_time_unix_nano: self.0.now_nanos(),
            ..Span::default()
        });
        attributes.record(&mut Fields(&mut span));
        Recording { place, app, span }
    }
}

impl<S> Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let handed = ::trace::recorder::take_parent();
        let Some(span) = context.span(id) else { return };
        let parent = match handed {
            Some(asked) => Some((asked, true)).filter(|(asked, _)| asked.is_sampled()),
            None => place(&span).map(|place| (place, false)),
        };
        match parent {
            Some((parent, remote)) => {
                let recording = self.begin(attributes, parent, remote, self.app(attributes, &span));
                ::trace::recorder::give_place(recording.place);
                span.extensions_mut().insert(recording);
            }
            // The parts of an App live long, and what they do is recorded now and then.
            None if handed.is_none() => {
                if let Some(app) = self.said(attributes) {
                    span.extensions_mut().insert(Within(app));
                }
            }
            None => {}
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(recording) = span.extensions_mut().get_mut::<Recording>() {
            values.record(&mut Fields(&mut recording.span));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        let mut extensions = span.extensions_mut();
        let Some(Recording { span, .. }) = extensions.get_mut() else { return };
        if span.events.len() >= MOST_EVENTS {
            span.dropped_events_count += 1;
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        let time_unix_nano = self.0.now_nanos();
        let (name, attributes) = (said.message, said.attributes);
        span.events.push(Event { time_unix_nano, name, attributes, ..Event::default() });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let recording = span.extensions_mut().remove::<Recording>();
        if let Some(Recording { app, mut span, .. }) = recording {
            span.end_time_unix_nano = self.0.now_nanos().max(span.start_time_unix_nano);
            self.0.end(Ended { app, span: *span });
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

/// Where a span of a subscriber that ends in a registry is, for [`trace::current`](crate::trace::current).
pub(super) fn place_of(dispatch: &Dispatch, id: &Id) -> Option<Trace> {
    place(&dispatch.downcast_ref::<Registry>()?.span(id)?)
}

/// Where a span is, or the nearest around it that is recorded.
fn place<S>(span: &SpanRef<'_, S>) -> Option<Trace>
where
    S: for<'a> LookupSpan<'a>,
{
    span.scope().find_map(|span| span.extensions().get::<Recording>().map(|recording| recording.place))
}

/// Whose the nearest span around another is.
fn around<S>(span: &SpanRef<'_, S>) -> Option<Arc<App>>
where
    S: for<'a> LookupSpan<'a>,
{
    span.scope().find_map(|span| {
        let extensions = span.extensions();
        let recorded = extensions.get::<Recording>().map(|recording| recording.app.clone());
        recorded.or_else(|| extensions.get::<Within>().map(|within| within.0.clone()))
    })
}
