//! Messages by their topic and type, under OpenTelemetry's names.

use std::time::Duration;

use messaging::{Envelope, Observer, observe::Fate};
use prometheus::{IntCounter, IntCounterVec};

use crate::{
    metrics::{BRIEF_SECONDS, Error, HOW_MANY, Histogram, HistogramVec, Metrics, PATIENT_SECONDS, Series},
    trace::Trace,
};

/// The topic, and what a message is.
const BY_TYPE: &[&str] = &["messaging_destination_name", "message_type"];
const BY_TOPIC: &[&str] = &["messaging_destination_name"];

/// Counts messages. A type that is among too many is counted as another: types come from whoever sends.
#[derive(Debug)]
pub struct Messages {
    sent: IntCounterVec,
    sent_bytes: IntCounterVec,
    consumed: IntCounterVec,
    unconfirmed: IntCounterVec,
    lag: HistogramVec,
    batch: HistogramVec,
    duration: HistogramVec,
    by_sent: Series<2, Sent>,
    by_received: Series<2, IntCounter>,
    by_fate: Series<3, Histogram>,
    by_topic: Series<1, Relayed>,
}

/// What a message of one topic and type is counted with when it was sent.
#[derive(Debug)]
struct Sent {
    messages: IntCounter,
    bytes: IntCounter,
    lag: Histogram,
}

/// What a relay's work on one topic is counted with.
#[derive(Debug)]
struct Relayed {
    batch: Histogram,
    unconfirmed: IntCounter,
}

impl Messages {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, Error> {
        let sent = metrics.counter(
            "messaging_client_sent_messages_total",
            "Messages that were confirmed by whoever they were sent to.",
            BY_TYPE,
        )?;
        let sent_bytes = metrics.counter(
            "messaging_client_sent_bytes_total",
            "Bytes of their attributes and payloads.",
            BY_TYPE,
        )?;
        let consumed = metrics.counter(
            "messaging_client_consumed_messages_total",
            "Messages that were received, for the first time or again.",
            BY_TYPE,
        )?;
        let duration = metrics.histogram(
            "messaging_process_duration_seconds",
            "How long it took to handle a message, the commit included, by what became of it.",
            &["messaging_destination_name", "message_type", "outcome"],
            BRIEF_SECONDS,
        )?;
        let lag = metrics.histogram(
            "outbox_relay_lag_seconds",
            "How long messages had waited in the outbox when they were confirmed.",
            BY_TOPIC,
            PATIENT_SECONDS,
        )?;
        let help = "How many messages were sent at once.";
        let batch = metrics.histogram("outbox_relay_batch_messages", help, BY_TOPIC, HOW_MANY)?;
        let unconfirmed = metrics.counter(
            "outbox_unconfirmed_messages_total",
            "Messages that were sent and not confirmed; each is sent again.",
            BY_TOPIC,
        )?;
        Ok(Self {
            sent,
            sent_bytes,
            consumed,
            unconfirmed,
            lag,
            batch,
            duration,
            by_sent: Series::default(),
            by_received: Series::default(),
            by_fate: Series::default(),
            by_topic: Series::default(),
        })
    }
}

impl Observer for Messages {
    fn sent(&self, topic: &str, message: &Envelope, bytes: usize, waited: Duration) {
        let handles = self.by_sent.of([topic, &message.kind], |[topic, kind]| Sent {
            messages: self.sent.with_label_values(&[topic, kind]),
            bytes: self.sent_bytes.with_label_values(&[topic, kind]),
            lag: self.lag.with(&[topic]),
        });
        handles.messages.inc();
        handles.bytes.inc_by(bytes as u64);
        handles.lag.time(waited, trace(message).as_ref());
    }

    fn relayed(&self, topic: &str, confirmed: usize, failed: usize) {
        let handles = self.by_topic.of([topic], |[topic]| Relayed {
            batch: self.batch.with(&[topic]),
            unconfirmed: self.unconfirmed.with_label_values(&[topic]),
        });
        handles.batch.observe((confirmed + failed) as u64);
        handles.unconfirmed.inc_by(failed as u64);
    }

    fn received(&self, topic: &str, message: &Envelope) {
        let by_type = |[topic, kind]: [&str; 2]| self.consumed.with_label_values(&[topic, kind]);
        self.by_received.of([topic, &message.kind], by_type).inc();
    }

    fn processed(&self, topic: &str, message: &Envelope, fate: Fate, took: Duration) {
        let by_fate = |labels: [&str; 3]| self.duration.with(&labels);
        let histogram = self.by_fate.of([topic, &message.kind, fate.name()], by_fate);
        histogram.time(took, trace(message).as_ref());
    }
}

fn trace(message: &Envelope) -> Option<Trace> {
    message.traceparent.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use messaging::Data;
    use uuid::Uuid;

    use super::*;
    use crate::{
        metrics::{Format, exposition},
        testing::platform,
    };

    #[test]
    fn messages_are_counted_by_topic_type_and_fate_with_their_trace() {
        let metrics = Metrics::new("customers", "messaging", &platform()).unwrap();
        let messages = Messages::new(&metrics).unwrap();
        let mut message =
            Envelope::new(Uuid::nil(), "ordering", "customers.command", "o", 0, Data::of("x").unwrap());
        message.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
        messages.relayed("commands", 3, 1);
        messages.sent("commands", &message, 100, Duration::from_millis(3));
        messages.received("commands", &message);
        messages.processed("commands", &message, Fate::Parked, Duration::from_micros(70));
        let text = exposition([&metrics], Format::OpenMetrics).unwrap();
        let app = "service=\"customers\",style=\"messaging\"";
        let of = "messaging_destination_name=\"commands\",message_type=\"customers.command\"";
        for series in [
            format!("messaging_client_sent_messages_total{{{of},{app}}} 1\n"),
            format!("messaging_client_sent_bytes_total{{{of},{app}}} 100\n"),
            format!("messaging_client_consumed_messages_total{{{of},{app}}} 1\n"),
            format!("messaging_process_duration_seconds_count{{{of},outcome=\"parked\",{app}}} 1\n"),
            format!("outbox_relay_batch_messages_sum{{messaging_destination_name=\"commands\",{app}}} 4.0\n"),
            format!("outbox_unconfirmed_messages_total{{messaging_destination_name=\"commands\",{app}}} 1\n"),
            "} 1 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"} 0.003 ".to_owned(),
        ] {
            assert!(text.contains(&series), "{series}{text}");
        }
    }
}
