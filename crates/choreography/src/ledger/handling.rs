//! Events of the ledger as steps of the traces that they belong to, by OpenTelemetry's conventions: a span of kind consumer
//! for each time that one is handled, as there is for each message of a broker.
//!
//! An event is appended with the place of whoever made it happen; what follows from it goes on from where it is handled. A
//! transaction that runs again leaves a step for each run.

use std::error::Error;

use chassis::problem::chain;
use event_store::Recorded;
use messaging::HandlerError;
use tracing::{Span, field::Empty, info_span, record_all};
use uuid::Uuid;

/// What carries events, as spans name it.
const SYSTEM: &str = "switchyard";

/// An event that is being handled, in a trace that is recorded.
#[derive(Debug)]
pub struct Handling {
    pub(super) span: Span,
    /// The place of the span, as a `traceparent`.
    pub(super) here: String,
}

impl Handling {
    /// Begins to handle an event as `consumer`, which is about the order `order` if about any; `None` if nobody records its
    /// trace.
    #[must_use]
    pub fn begin(consumer: &str, event: &Recorded, order: Option<Uuid>) -> Option<Self> {
        let from = trace::recorded_from(event.metadata.traceparent.as_deref())?;
        let category = event.stream.category();
        let (span, here) = trace::child_of(&from, || {
            info_span!(
                "event",
                otel.name = %format_args!("process {category}"),
                otel.kind = "consumer",
                otel.status_code = Empty,
                otel.status_description = Empty,
                error.type = Empty,
                messaging.system = SYSTEM,
                messaging.operation.name = "process",
                messaging.operation.type = "process",
                messaging.destination.name = category,
                messaging.consumer.group.name = consumer,
                messaging.message.id = %event.id,
                messaging.message.conversation_id = event.metadata.correlation_id.map(tracing::field::display),
                message.type = event.kind,
                message.verdict = Empty,
                message.waits_for = Empty,
                order.id = order.map(tracing::field::display),
            )
        });
        Some(Self { span, here: here.to_string() })
    }

    /// It was not handled, and that is an error.
    pub fn wrong(&self, error: &dyn Error) {
        let why = chain(error);
        record_all!(self.span, error.type = "failed", otel.status_code = "ERROR", otel.status_description = why);
    }

    /// It was not handled: since something that it needs is still to come, or since it was decided on what is not so any
    /// more, neither of which is an error; or for another reason.
    pub(super) fn failed(&self, error: &HandlerError) {
        match error {
            HandlerError::Unavailable(what) => {
                record_all!(self.span, message.verdict = "waits", message.waits_for = %what);
            }
            HandlerError::Database(database::Error::Conflict { .. }) => {
                self.span.record("message.verdict", "decided again");
            }
            error => self.wrong(error),
        }
    }
}
