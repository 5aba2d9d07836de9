//! What is particular to the style `messaging`: one effect per message, and events for whoever follows.

use contracts::{
    Style,
    shipping::{Event, Reply},
};
use messaging::{Envelope, publishing::events as events_of};
use uuid::Uuid;

use crate::support::{Carrier, World, dispatched, message, order, request, until};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[tokio::test]
async fn a_message_delivered_twice_is_answered_once() {
    let world = World::start(Style::Messaging, Carrier::Accepts).await;
    let call_off = contracts::shipping::Command::CallOff { order_id: order(1) };
    for _ in 0..2 {
        world.tell(&message(id(1), order(1), &call_off)).await;
    }
    let heard = world.ordering.heard();
    let [answer] = &heard.replies[..] else { panic!("{} answers", heard.replies.len()) };
    assert_eq!((answer.causation_id, answer.correlation_id), (Some(id(1)), Some(order(1).uuid())));
    assert_eq!(answer.traceparent, message(id(1), order(1), &call_off).traceparent);
    assert_eq!(answer.data.parse::<Reply>().expect("a reply"), Reply::CalledOff);
}

#[tokio::test]
async fn an_order_that_asks_again_by_another_message_is_answered_again() {
    let world = World::start(Style::Messaging, Carrier::Accepts).await;
    world.tell(&message(id(1), order(1), &request(order(1)))).await;
    world.until_told(1).await;
    world.tell(&message(id(2), order(1), &request(order(1)))).await;
    let heard = world.ordering.heard();
    let replies: Vec<Reply> = heard.replies.iter().map(|it| it.data.parse().expect("a reply")).collect();
    assert_eq!(replies, [dispatched(order(1)), dispatched(order(1))]);
    let causes: Vec<_> = heard.replies.iter().map(|it| it.causation_id).collect();
    assert_eq!(causes, [Some(id(1)), Some(id(2))], "the late answer names the request that it answers");
}

#[tokio::test]
async fn what_happens_to_a_shipment_is_published_without_a_gap() {
    let world = World::start(Style::Messaging, Carrier::Accepts).await;
    world.request(order(1)).await;
    world.until_told(1).await;
    until(async || world.ordering.heard().events.len() >= 3).await;
    let heard = world.ordering.heard();
    let told: Vec<_> =
        heard.events.iter().map(|it| (it.kind.as_str(), it.previous_version, it.version)).collect();
    let changed = |version| ("shipment.changed", Some(version - 1), Some(version));
    assert_eq!(told, [changed(1), changed(2), changed(3)]);
    let last: Vec<(u64, Event)> = events_of(&heard.events[2]).expect("events");
    assert!(matches!(&last[..], [(3, Event::Dispatched { .. })]), "{last:?}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked() {
    let world = World::start(Style::Messaging, Carrier::Accepts).await;
    let message = message(id(1), order(1), &request(order(1)));
    world.tell(&Envelope { kind: "shipping.riddle".to_owned(), ..message }).await;
    assert_eq!(world.audit().await["pending"]["parked"], 1);
}
