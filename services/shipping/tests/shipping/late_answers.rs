//! What ordering is told once it is known, though it went away meanwhile.

use contracts::{Style, shipping::Reply, topics::kinds};

use crate::support::{Carrier, World, dispatched, order, until};

#[tokio::test]
async fn ordering_is_told_of_the_dispatch() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Accepts).await;
        world.request(order(1)).await;
        world.until_told(1).await;
        assert_eq!(world.late_answers(), [dispatched(order(1))]);
        let heard = world.ordering.heard();
        let envelope = &heard.replies[0];
        assert_eq!((envelope.kind.as_str(), envelope.source.as_str()), (kinds::SHIPPING_REPLY, "shipping"));
        assert_eq!(
            (envelope.subject.clone(), envelope.partition_key.clone()),
            (order(1).to_string(), order(1).to_string())
        );
        assert_eq!(envelope.correlation_id, Some(order(1).uuid()));
        assert!(envelope.traceparent.is_some());
    }
}

#[tokio::test]
async fn ordering_is_told_of_the_refusal() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Refuses).await;
        world.request(order(1)).await;
        world.until_told(1).await;
        assert_eq!(world.late_answers(), [Reply::CarrierRefused]);
    }
}

#[tokio::test]
async fn an_answer_that_was_given_at_once_does_not_come_again() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Accepts).await;
        world.call_off(order(1)).await;
        world.request(order(1)).await;
        world.request(order(2)).await;
        world.until_told(1).await;
        assert_eq!(world.late_answers(), [dispatched(order(2))]);
    }
}

#[tokio::test]
async fn ordering_is_told_when_it_is_back() {
    let world = World::start(Style::Rest, Carrier::Accepts).await;
    world.ordering_is_away(true);
    world.request(order(1)).await;
    until(async || world.audit().await["pending"]["outbox"] == 1).await;
    world.ordering_is_away(false);
    world.until_told(1).await;
    until(async || world.audit().await["pending"]["outbox"] == 0).await;
}

#[tokio::test]
async fn ordering_is_told_after_a_crash() {
    let mut world = World::start(Style::Rest, Carrier::Accepts).await;
    world.ordering_is_away(true);
    world.request(order(1)).await;
    until(async || world.audit().await["pending"]["outbox"] == 1).await;
    world.crash();
    world.ordering_is_away(false);
    world.reopen();
    world.until_told(1).await;
    assert_eq!(world.late_answers(), [dispatched(order(1))]);
}

#[tokio::test]
async fn the_service_stops_cleanly_and_goes_on_where_it_was() {
    for style in Style::ORCHESTRATED {
        let mut world = World::start(style, Carrier::Away).await;
        world.request(order(1)).await;
        world.until_asked(1).await;
        world.stop().await;
        world.carrier(Carrier::Accepts);
        world.reopen();
        world.until_told(1).await;
    }
}
