//! What an embedded broker counts: read when somebody scrapes.

use messaging::{Embedded, embedded::Figures};

use crate::metrics::{Error, Metrics};

const BY_TOPIC: &[&str] = &["messaging_destination_name"];

/// Shows what `broker` holds and has done by topic; its store is [kept](crate::service::Service::keep) like any other.
///
/// # Errors
/// The App shows a broker already.
pub fn show(metrics: &Metrics, broker: &Embedded) -> Result<(), Error> {
    let counter = |name, help, read: fn(&Figures) -> u64| {
        let broker = broker.clone();
        metrics.read_counter(name, help, BY_TOPIC, move |shown| {
            broker.figures().iter().for_each(|figures| shown.count(&[&figures.topic], read(figures)));
        })
    };
    counter("broker_published_messages_total", "Messages that were confirmed to publishers.", |it| {
        it.published
    })?;
    let help = "Messages that were given to consumers, to each group once and again where one came back.";
    counter("broker_delivered_messages_total", help, |it| it.delivered)?;
    counter("broker_refused_messages_total", "Messages for which there was no room.", |it| it.refused)?;
    let (holding, help) = (broker.clone(), "Messages that some group has not acknowledged.");
    metrics.read_gauge("broker_backlog_messages", help, BY_TOPIC, move |shown| {
        holding.figures().iter().for_each(|it| shown.count(&[&it.topic], it.backlog.messages));
    })?;
    let (holding, help) = (broker.clone(), "Bytes of the messages that some group has not acknowledged.");
    metrics.read_gauge("broker_backlog_bytes", help, BY_TOPIC, move |shown| {
        holding.figures().iter().for_each(|it| shown.count(&[&it.topic], it.backlog.bytes));
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use messaging::{Broker, Data, Envelope, Publisher, embedded};
    use uuid::Uuid;

    use super::*;
    use crate::{
        metrics::{Format, exposition},
        testing::platform,
    };

    #[tokio::test]
    async fn what_a_broker_holds_and_has_done_is_shown_by_topic() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("broker.db");
        let broker = Embedded::open(&path, embedded::Options::default()).await.unwrap();
        let metrics = Metrics::new("broker", "messaging", &platform()).unwrap();
        show(&metrics, &broker).unwrap();
        let mut subscription = broker.subscribe("events", "group", 0..broker.lanes()).await.unwrap();
        let message =
            |id| Envelope::new(Uuid::from_u128(id), "customers", "it.is", "s", 0, Data::of("x").unwrap());
        broker.publish("events", &[message(1), message(2)]).await.unwrap();
        assert_eq!(subscription.receive(10, Duration::ZERO).await.unwrap().len(), 2);
        let text = exposition([&metrics], Format::Text).unwrap();
        for (family, value) in [
            ("broker_published_messages_total", 2),
            ("broker_delivered_messages_total", 2),
            ("broker_refused_messages_total", 0),
            ("broker_backlog_messages", 2),
        ] {
            let app = "service=\"broker\",style=\"messaging\"";
            let series = format!("{family}{{messaging_destination_name=\"events\",{app}}} {value}\n");
            assert!(text.contains(&series), "{series}{text}");
        }
    }
}
