//! In `messaging`, what happens to orders is published for those who keep views of them.

use std::{collections::BTreeMap, time::Duration};

use ::messaging::{Envelope, Subscription};
use contracts::{Style, ordering::Event, ordering::OrderStatus, topics};
use ordering::Reach;

use crate::support::{Answer, Ask, World};

#[tokio::test(start_paused = true)]
async fn every_event_of_an_order_is_published_once_in_its_order() {
    let mut world = World::start(Style::Messaging).await;
    let mut events = subscribe(&world).await;
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    let cancelled = world.placed().await;
    world.until_in(&cancelled, OrderStatus::Cancelled).await;
    world.crash().await;
    world.restart();
    world.peers.answer(Ask::Ship, Ask::Ship.usual());
    let completed = world.placed().await;
    let completed = world.until_in(&completed, OrderStatus::Completed).await;
    let cancelled = world.show(&cancelled).await;

    let mut published: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
    loop {
        let deliveries = events.receive(100, Duration::from_secs(60)).await.unwrap();
        if deliveries.is_empty() {
            break;
        }
        for delivery in deliveries {
            published.entry(delivery.envelope.subject.clone()).or_default().push(delivery.envelope);
        }
    }
    for order in [&cancelled, &completed] {
        let messages = published.remove(&order.id.to_string()).unwrap();
        // Each names its version and the one before it: a reader can tell that nothing is missing.
        let versions: Vec<_> = messages.iter().map(|it| (it.previous_version, it.version)).collect();
        let expected: Vec<_> =
            (1..=order.version).map(|version| (Some(version - 1), Some(version))).collect();
        assert_eq!(versions, expected);
        let last: Event = messages.last().unwrap().data.parse().unwrap();
        let at = order.finished_at.unwrap();
        let expected = match order.status {
            OrderStatus::Cancelled => (Event::Cancelled { at }, "order.cancelled"),
            _ => (Event::Completed { at }, "order.completed"),
        };
        assert_eq!((last, messages.last().unwrap().kind.as_str()), expected);
    }
    assert!(published.is_empty());
}

async fn subscribe(world: &World) -> Box<dyn Subscription> {
    let Reach::Messaging(broker) = &world.config.reach else { unreachable!("it is reached by messages") };
    broker.subscribe(topics::ORDERING_EVENTS, "views", 0..broker.lanes()).await.unwrap()
}
