//! What survives a crash.

use super::{Fixture, KEYS, Reader, TOPIC, message, messages, publish};

/// Confirmed messages survive a crash.
pub async fn confirmed_messages_survive_a_crash(fixture: &impl Fixture) {
    let sent = messages(&KEYS, 10);
    let broker = fixture.open().await;
    broker.register(TOPIC, "g").await.unwrap();
    publish(&*broker, TOPIC, &sent).await;
    drop(broker);

    let broker = fixture.open().await;
    Reader::new(&*broker, "g").until(sent.len()).await.saw(&sent);
}

/// A group registered before a crash is still known: what is published then is kept for it.
pub async fn a_group_registered_before_a_crash_is_still_known(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    broker.register(TOPIC, "slow").await.unwrap();
    drop(broker);

    let broker = fixture.open().await;
    let sent = messages(&KEYS, 2);
    publish(&*broker, TOPIC, &sent).await;
    let mut fast = Reader::new(&*broker, "fast");
    fast.until(sent.len()).await.ack_all().await;
    Reader::new(&*broker, "slow").until(sent.len()).await.saw(&sent);
}

/// What was acknowledged stays so after a crash.
pub async fn what_was_acknowledged_stays_so_after_a_crash(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &messages(&KEYS, 3)).await;
    reader.until(18).await.ack_all().await;
    drop(reader);
    drop(broker);

    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    reader.until_quiet().await;
    if fixture.beyond().exact {
        reader.saw(&[]);
    }
}

/// Publishing goes on where it ended before a crash: nothing published later is taken for something acknowledged.
pub async fn publishing_goes_on_where_it_ended_before_a_crash(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    publish(&*broker, TOPIC, &messages(&["a"], 5)).await;
    reader.until(5).await.ack_all().await;
    drop(reader);
    drop(broker);

    let broker = fixture.open().await;
    publish(&*broker, TOPIC, &[message("a", 6), message("a", 7)]).await;
    let mut reader = Reader::new(&*broker, "g");
    let wanted = [message("a", 6), message("a", 7)];
    while !wanted.iter().all(|wanted| reader.distinct().contains(wanted)) {
        reader.receive(super::PATIENCE).await;
    }
}
