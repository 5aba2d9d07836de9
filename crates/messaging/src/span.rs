//! Messages as steps of the traces that they belong to, by OpenTelemetry's conventions: a span of kind producer for each
//! time that one is sent, and one of kind consumer for each time that one is handled.
//!
//! A message is sent with the place of the span that sends it, and handled with the place of the span that handles it: what
//! follows from it goes on from there.

use tracing::{Span, error_span, field::Empty, info_span, record_all};

use crate::Envelope;
use crate::inbox::{Failure, Scope, Verdict};

/// What carries messages, as spans name it.
const SYSTEM: &str = "switchyard";

/// The sending of some messages, each in its own trace.
#[derive(Debug)]
pub(crate) struct Sending(Vec<Option<Span>>);

impl Sending {
    /// Begins to send messages to `topic`, and gives each of those whose trace is recorded the place of its span.
    pub(crate) fn begin(topic: &str, messages: &mut [Envelope]) -> Self {
        let together = messages.len();
        Self(messages.iter_mut().map(|message| send(topic, message, together)).collect())
    }

    /// A message was not taken.
    pub(crate) fn failed(&self, index: usize, kind: &'static str, why: &str) {
        if let Some(Some(span)) = self.0.get(index) {
            fail(span, kind, why);
        }
    }

    /// Nothing was taken.
    pub(crate) fn all_failed(&self, kind: &'static str, why: &str) {
        self.0.iter().flatten().for_each(|span| fail(span, kind, why));
    }
}

fn send(topic: &str, message: &mut Envelope, together: usize) -> Option<Span> {
    let asked = trace::recorded_from(message.traceparent.as_deref())?;
    let (span, here) = trace::child_of(&asked, || {
        info_span!(
            "send",
            otel.name = %format_args!("send {topic}"),
            otel.kind = "producer",
            otel.status_code = Empty,
            otel.status_description = Empty,
            error.type = Empty,
            messaging.system = SYSTEM,
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            messaging.destination.name = topic,
            messaging.batch.message_count = (together > 1).then_some(together),
            messaging.message.id = %message.id,
            messaging.message.conversation_id = message.correlation_id.map(tracing::field::display),
            message.type = message.kind,
        )
    });
    message.traceparent = Some(here.to_string());
    Some(span)
}

/// A message that is being handled.
#[derive(Debug)]
pub(crate) struct Handling {
    /// The message, at the place of its span.
    pub(crate) message: Envelope,
    /// Its span, at every level: lines of the log tell by it what they are about.
    pub(crate) span: Span,
    sent: Option<String>,
}

impl Handling {
    /// Begins to handle a message, for the `attempt`th time after the first.
    pub(crate) fn begin(scope: &Scope, message: &Envelope, attempt: u32) -> Self {
        let mut message = message.clone();
        let sent = message.traceparent.clone();
        let (topic, consumer) = (&*scope.topic, &*scope.consumer);
        let asked = trace::recorded_from(sent.as_deref());
        let name = asked.map(|_| format!("process {topic}"));
        let make = || {
            error_span!(
                "message",
                trace_id = sent.as_deref().and_then(|sent| sent.get(3..35)),
                message.type = message.kind,
                about = Empty,
                otel.link = Empty,
                otel.name = name.as_deref(),
                otel.kind = "consumer",
                otel.status_code = Empty,
                otel.status_description = Empty,
                error.type = Empty,
                messaging.system = Empty,
                messaging.operation.name = Empty,
                messaging.operation.type = Empty,
                messaging.destination.name = Empty,
                messaging.consumer.group.name = Empty,
                messaging.message.id = Empty,
                messaging.message.conversation_id = Empty,
                message.attempt = Empty,
                message.verdict = Empty,
                message.waits_for = Empty,
            )
        };
        let Some(asked) = asked else {
            let span = make();
            return Self { message, span, sent };
        };
        let (span, here) = trace::child_of(&asked, make);
        record_all!(
            span,
            messaging.system = SYSTEM,
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = topic,
            messaging.consumer.group.name = consumer,
            messaging.message.id = %message.id,
            messaging.message.conversation_id = message.correlation_id.map(tracing::field::display),
            message.attempt = attempt,
        );
        message.traceparent = Some(here.to_string());
        Self { message, span, sent }
    }

    /// The message as it was sent: what is handled another time goes on from there, too.
    pub(crate) fn as_sent(&self) -> Envelope {
        Envelope { traceparent: self.sent.clone(), ..self.message.clone() }
    }

    /// What became of it.
    pub(crate) fn end(&self, verdict: Verdict) {
        if self.is_recorded() && verdict != Verdict::Handled {
            self.span.record("message.verdict", verdict.fate().name());
        }
    }

    /// It could not be handled. That it waits for somebody else is no error, nobody's: it is handled once they are there.
    pub(crate) fn failed(&self, failure: &Failure) {
        if !self.is_recorded() {
            return;
        }
        match failure.waits_for() {
            Some(what) => {
                record_all!(self.span, message.verdict = "waits", message.waits_for = what);
            }
            None => fail(&self.span, failure.kind(), &failure.to_string()),
        }
    }

    fn is_recorded(&self) -> bool {
        self.sent != self.message.traceparent
    }
}

fn fail(span: &Span, kind: &'static str, why: &str) {
    record_all!(span, error.type = kind, otel.status_code = "ERROR", otel.status_description = why);
}

/// A request that is being answered, within a span of its own.
pub(crate) fn respond(topic: &str, request: &mut Envelope) -> Span {
    let Some(asked) = trace::recorded_from(request.traceparent.as_deref()) else { return Span::none() };
    let (span, here) = trace::child_of(&asked, || {
        info_span!(
            "request",
            otel.name = %format_args!("process {topic}"),
            otel.kind = "consumer",
            messaging.system = SYSTEM,
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = topic,
            messaging.message.id = %request.id,
            message.type = request.kind,
        )
    });
    request.traceparent = Some(here.to_string());
    span
}
