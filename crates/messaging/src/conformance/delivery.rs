//! What is delivered, to whom, and when again.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{Fixture, KEYS, PATIENCE, QUIET, Reader, TOPIC, message, messages, publish};
use crate::{Data, Envelope, Tally};

/// An envelope arrives as it was sent, with every attribute.
pub async fn an_envelope_arrives_as_it_was_sent(fixture: &impl Fixture) {
    let sent = Envelope {
        data_version: 2,
        partition_key: "Schlüssel \" \u{1F511}".into(),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        correlation_id: Some(Uuid::from_u128(1)),
        causation_id: Some(Uuid::from_u128(2)),
        deadline: Some(1_700_000_000_000_001),
        actor: Some("anonymous".into()),
        previous_version: Some(4),
        tally: Some(Tally { count: 9, sum: 8 }),
        time: 1_700_000_000_123_456,
        data: Data::from_json("{ \"kept\" : [ 1.50, \"as it is\" ] }".into()).unwrap(),
        ..message("a", 5)
    };
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, std::slice::from_ref(&sent)).await;
    assert_eq!(reader.until(1).await.distinct(), [sent]);
}

/// An empty batch is confirmed.
pub async fn an_empty_batch_is_confirmed(fixture: &impl Fixture) {
    publish(&*fixture.open().await, TOPIC, &[]).await;
}

/// What was not acknowledged is delivered again, to the next subscription and after a crash.
pub async fn what_was_not_acknowledged_is_delivered_again(fixture: &impl Fixture) {
    let sent = messages(&KEYS, 5);
    let broker = fixture.open().await;
    let mut first = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &sent).await;
    first.until(sent.len()).await.saw(&sent);
    drop(first);

    Reader::new(&*broker, "g").until(sent.len()).await.saw(&sent);
    drop(broker);
    let broker = fixture.open().await;
    Reader::new(&*broker, "g").until(sent.len()).await.saw(&sent);
}

/// Acknowledging is cumulative: acknowledging one message acknowledges all before it in its lane, and none after it.
pub async fn acknowledging_is_cumulative(fixture: &impl Fixture) {
    let sent = messages(&["a"], 10);
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &sent).await;
    reader.until(sent.len()).await;
    let fourth = reader.seen.iter().find(|seen| seen.envelope.id == sent[3].id).unwrap().clone();
    reader.ack(&[(fourth.lane, fourth.position)]).await;
    drop(reader);

    let mut again = Reader::new(&*broker, "g");
    again.until(6).await.until_quiet().await;
    if fixture.beyond().exact {
        again.saw(&sent[4..]);
    }
    for after in &sent[4..] {
        assert!(again.distinct().contains(after), "{after:?} was not acknowledged");
    }
}

/// A late acknowledgement moves nothing back.
pub async fn a_late_acknowledgement_moves_nothing_back(fixture: &impl Fixture) {
    let sent = messages(&["a"], 4);
    let broker = fixture.open().await;
    // For this one the messages are still there.
    broker.register(TOPIC, "slow").await.unwrap();
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &sent).await;
    reader.until(sent.len()).await;
    let first = reader.seen[0].clone();
    reader.ack_all().await;
    reader.ack(&[(first.lane, first.position)]).await;
    drop(reader);

    let mut again = Reader::new(&*broker, "g");
    again.until_quiet().await;
    if fixture.beyond().exact {
        again.saw(&[]);
    }
}

/// Groups are independent: each gets everything, whatever the others acknowledge.
pub async fn groups_are_independent(fixture: &impl Fixture) {
    let sent = messages(&KEYS, 5);
    let broker = fixture.open().await;
    broker.register(TOPIC, "slow").await.unwrap();
    let mut fast = Reader::new(&*broker, "fast");
    publish(&*broker, TOPIC, &sent).await;
    fast.until(sent.len()).await.ack_all().await;
    Reader::new(&*broker, "slow").until(sent.len()).await.saw(&sent);
}

/// Subscriptions of one group are each delivered everything that is not acknowledged.
pub async fn subscriptions_of_one_group_are_each_delivered_everything(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let (mut one, mut other) = (Reader::new(&*broker, "g"), Reader::new(&*broker, "g"));
    one.receive(Duration::ZERO).await;
    other.receive(Duration::ZERO).await;
    let sent = messages(&KEYS, 3);
    publish(&*broker, TOPIC, &sent).await;
    one.until(sent.len()).await.saw(&sent);
    other.until(sent.len()).await.saw(&sent);

    // What one has acknowledged may be gone for the other, which must get to what comes next all the same.
    one.ack_all().await;
    publish(&*broker, TOPIC, &[message("a", 4)]).await;
    other.until(sent.len() + 1).await;
}

/// A dropped receive loses nothing.
pub async fn a_dropped_receive_loses_nothing(fixture: &impl Fixture) {
    let sent = messages(&KEYS, 10);
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &sent).await;
    for micros in 0..40 {
        let impatient = Duration::from_micros(micros * 50);
        let _ = tokio::time::timeout(impatient, reader.receive(PATIENCE)).await;
    }
    reader.until(sent.len()).await.saw(&sent);
}

/// A subscription is woken by a message that comes while it waits.
pub async fn a_subscription_is_woken_by_a_message(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    reader.receive(Duration::ZERO).await;
    let sent = [message("a", 1)];
    let (received, ()) = tokio::join!(
        async {
            while reader.distinct().is_empty() {
                reader.receive(PATIENCE).await;
            }
            Instant::now()
        },
        async {
            // By now the reader waits.
            tokio::task::yield_now().await;
            publish(&*broker, TOPIC, &sent).await;
        }
    );
    assert!(received.elapsed() < PATIENCE / 2);
    reader.saw(&sent);
}

/// Receiving takes no longer than asked when nothing comes, and no more messages than asked.
pub async fn receiving_takes_no_longer_and_no_more_than_asked(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    let begun = Instant::now();
    assert_eq!(reader.receive(QUIET).await, 0);
    assert!(begun.elapsed() < PATIENCE / 2, "it took {:?}", begun.elapsed());

    publish(&*broker, TOPIC, &messages(&KEYS, 5)).await;
    while reader.distinct().len() < 30 {
        match reader.subscription().await.receive(2, QUIET).await {
            Ok(received) => {
                assert!(received.len() <= 2);
                reader.seen.extend(received);
            }
            Err(_) => reader.subscription = None,
        }
    }
}

/// A group begins at the oldest message that is kept when it registers.
pub async fn a_group_begins_at_the_oldest_message_kept(fixture: &impl Fixture) {
    let sent = messages(&KEYS, 3);
    let broker = fixture.open().await;
    publish(&*broker, TOPIC, &sent).await;
    Reader::new(&*broker, "late").until(sent.len()).await.saw(&sent);
}
