//! What a broker takes, and how it says that it takes no more.

use std::time::Duration;

use tokio::time::Instant;

use super::{FULL_WAIT, Fixture, LARGEST, PATIENCE, ROOM, Reader, TOPIC, message, publish};
use crate::{Broker, Data, Envelope, PublishError};

/// Publishes one by one until the topic is full; returns how many were confirmed.
async fn fill(broker: &dyn Broker) -> u64 {
    fill_from(broker, 1).await
}

async fn fill_from(broker: &dyn Broker, first: u64) -> u64 {
    for n in 0..2 * ROOM {
        let begun = Instant::now();
        let sent = [message("a", first + n)];
        // An error may also mean that a faulty broker has failed.
        while let Err(error) = broker.publish(TOPIC, &sent).await {
            if let PublishError::Full { .. } = error {
                assert!(begun.elapsed() >= FULL_WAIT / 2, "it waits for room before it refuses");
                return n;
            }
        }
    }
    panic!("{} messages were taken where there is room for {ROOM}", 2 * ROOM);
}

/// A full topic pushes back: publishers wait, then are refused, and what was confirmed is all there.
pub async fn a_full_topic_pushes_back(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    broker.register(TOPIC, "g").await.unwrap();
    let confirmed = fill(&*broker).await;
    let mut reader = Reader::new(&*broker, "g");
    reader.until(usize::try_from(confirmed).unwrap()).await;
}

/// A full topic is still full after a crash.
pub async fn a_full_topic_is_still_full_after_a_crash(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    broker.register(TOPIC, "g").await.unwrap();
    let confirmed = fill(&*broker).await;
    drop(broker);
    let broker = fixture.open().await;
    assert_eq!(fill_from(&*broker, confirmed + 1).await, 0);
}

/// Acknowledging makes room for a publisher that waits.
pub async fn acknowledging_makes_room_for_a_publisher_that_waits(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    broker.register(TOPIC, "g").await.unwrap();
    let confirmed = fill(&*broker).await;
    let mut reader = Reader::new(&*broker, "g");
    reader.until(usize::try_from(confirmed).unwrap()).await.until_quiet().await;
    let last = [message("a", confirmed + 1)];
    tokio::join!(publish(&*broker, TOPIC, &last), async {
        // By now the publisher waits.
        tokio::task::yield_now().await;
        reader.ack_all().await;
    });
}

/// A full topic does not hold up another.
pub async fn a_full_topic_does_not_hold_up_another(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    broker.register(TOPIC, "g").await.unwrap();
    broker.register("conformance.other", "g").await.unwrap();
    fill(&*broker).await;
    let begun = Instant::now();
    publish(&*broker, "conformance.other", &[message("a", 1)]).await;
    assert!(begun.elapsed() < PATIENCE / 2);
}

/// A topic without groups takes whatever comes, and keeps no more than it has room for.
pub async fn a_topic_without_groups_takes_whatever_comes(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    for n in 0..10 {
        let batch: Vec<Envelope> = (1..=ROOM / 2).map(|m| message("a", n * ROOM + m)).collect();
        publish(&*broker, TOPIC, &batch).await;
    }
}

/// A message that is too large holds back the later ones of its own key, and no others.
pub async fn a_message_that_is_too_large_holds_back_its_own_key_only(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    reader.receive(Duration::ZERO).await;
    let large = Envelope { data: Data::of(&"x".repeat(LARGEST)).unwrap(), ..message("a", 2) };
    let batch = [message("a", 1), large, message("a", 3), message("b", 1)];

    let mut failed = loop {
        match broker.publish(TOPIC, &batch).await {
            Err(PublishError::Partly { failures, .. }) => break failures,
            Err(_) => {}
            Ok(()) => panic!("a message of more than {LARGEST} bytes was taken"),
        }
    };
    failed.retain(|failure| failure.index == 1 || failure.index == 2);
    assert_eq!(failed.len(), 2, "the large one, and the one behind it");
    if fixture.beyond().exact {
        reader.until(2).await.until_quiet().await.saw(&[message("a", 1), message("b", 1)]);
    }
}
