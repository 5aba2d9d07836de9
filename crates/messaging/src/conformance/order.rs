//! In which order messages come.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{Fixture, KEYS, Reader, TOPIC, message, messages, publish};
use crate::Envelope;

/// Messages of the same key keep their order, within a batch and from batch to batch.
pub async fn messages_of_a_key_keep_their_order(fixture: &impl Fixture) {
    let sent = messages(&KEYS, 40);
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    for batch in sent.chunks(7) {
        publish(&*broker, TOPIC, batch).await;
    }
    reader.until(sent.len()).await.saw(&sent);
}

/// Messages of a lane keep their order, where the broker promises that.
pub async fn messages_of_a_lane_keep_their_order(fixture: &impl Fixture) {
    if !fixture.beyond().lane_order {
        return;
    }
    let keys: Vec<String> = (0..40).map(|n| format!("key-{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let sent = messages(&keys, 3);
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &sent).await;
    reader.until(sent.len()).await;

    let mut positions = BTreeMap::new();
    let mut indexes = BTreeMap::new();
    for seen in &reader.seen {
        let index = sent.iter().position(|sent| *sent == seen.envelope);
        assert!(positions.insert(seen.lane, seen.position) < Some(seen.position), "positions grow");
        assert!(indexes.insert(seen.lane, index) < Some(index), "the order is that of publishing");
    }
}

/// A key stays in its lane, and every lane can be followed alone.
pub async fn a_key_stays_in_its_lane(fixture: &impl Fixture) {
    let keys: Vec<String> = (0..40).map(|n| format!("key-{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let sent = messages(&keys, 2);
    let broker = fixture.open().await;
    broker.register(TOPIC, "g").await.unwrap();
    publish(&*broker, TOPIC, &sent).await;

    let mut all = Reader::new(&*broker, "g");
    all.until(sent.len()).await;
    let mut found = 0;
    for lane in 0..broker.lanes() {
        let expected: Vec<Envelope> =
            sent.iter().filter(|sent| lane_of(&all, sent) == lane).cloned().collect();
        let mut alone = Reader::of(&*broker, "g", lane..lane + 1);
        alone.until(expected.len()).await.until_quiet().await.saw(&expected);
        found += expected.len();
    }
    assert_eq!(found, sent.len());
}

fn lane_of(reader: &Reader<'_>, sent: &Envelope) -> u16 {
    reader.seen.iter().find(|seen| seen.envelope.partition_key == sent.partition_key).unwrap().lane
}

/// Redelivery keeps the order: it begins at the oldest message that was not acknowledged.
pub async fn redelivery_keeps_the_order(fixture: &impl Fixture) {
    let sent = messages(&["a"], 20);
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &sent).await;
    reader.until(15).await;
    let fifth = reader.seen.iter().find(|seen| seen.envelope.id == sent[4].id).unwrap().clone();
    reader.ack(&[(fifth.lane, fifth.position)]).await;
    drop(reader);

    let mut again = Reader::new(&*broker, "g");
    again.until(15).await;
    let versions: Vec<u64> = again.distinct().iter().filter_map(|envelope| envelope.version).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    assert!(versions[0] <= 6, "it begins at the oldest: {versions:?}");
}

/// Concurrent publishers lose nothing, and each one's messages keep their order.
pub async fn concurrent_publishers_lose_nothing(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    let publishers = KEYS.map(|key| {
        let broker = &*broker;
        async move {
            for n in 1..=25 {
                publish(broker, TOPIC, &[message(key, n)]).await;
            }
        }
    });
    let (_, _) = tokio::join!(join_all(publishers), reader.until(KEYS.len() * 25));
    reader.saw(&messages(&KEYS, 25));
}
