//! In `messaging`, what happens to orders is published for those who keep views of them.

use std::{collections::BTreeMap, time::Duration};

use ::messaging::{Envelope, Subscription, publishing::events as events_of};
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
    world.until_told().await;
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
        // Each names its version and that of the one before it: a reader can tell that nothing is missing.
        let mut at = 0;
        for message in &messages {
            assert_eq!((&*message.kind, message.previous_version), ("order.changed", Some(at)));
            at = message.version.unwrap();
        }
        let told: Vec<(u64, Event)> = messages.iter().flat_map(|it| events_of(it).unwrap()).collect();
        assert!(told.iter().map(|(version, _)| *version).eq(1..=order.version), "{told:?}");
        let at = order.finished_at.unwrap();
        let expected = match order.status {
            OrderStatus::Cancelled => Event::Cancelled { at },
            _ => Event::Completed { at },
        };
        assert_eq!(told.last().unwrap().1, expected);
    }
    assert!(published.is_empty());
}

async fn subscribe(world: &World) -> Box<dyn Subscription> {
    let Reach::Messaging(broker) = &world.config.reach else { unreachable!("it is reached by messages") };
    broker.subscribe(topics::ORDERING_EVENTS, "views", 0..broker.lanes()).await.unwrap()
}
