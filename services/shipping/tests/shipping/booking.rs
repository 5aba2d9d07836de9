//! From the request to the carrier's answer.

use contracts::{
    Reference, Style,
    shipping::{Reply, ShipmentStatus},
};

use crate::support::{Carrier, World, dispatched, order};

#[tokio::test]
async fn a_requested_shipment_is_booked_and_dispatched() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Accepts).await;
        assert_eq!(world.request(order(1)).await, None);
        world.until_status(order(1), ShipmentStatus::Dispatched).await;
        let shipment = world.shipment(order(1)).await.expect("a shipment");
        assert_eq!(shipment.carrier.as_deref(), Some("Hermes"));
        assert_eq!(shipment.tracking_number, Some(format!("H-{}", order(1))));
        assert_eq!(shipment.version, 3);
        let ledger = world.ledger();
        let (key, asked) = &ledger.asked[0];
        assert_eq!(*key, order(1).to_string());
        assert_eq!((asked.metadata.order_id, asked.lines.clone()), (order(1), shipment.lines));
        assert_eq!(asked.reference.as_ref().map(Reference::as_str), Some("web-4711"));
    }
}

#[tokio::test]
async fn a_request_repeated_is_answered_as_the_state_is() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Holds).await;
        assert_eq!(world.request(order(1)).await, None);
        world.until_asked(1).await;
        assert_eq!(world.request(order(1)).await, None);
        world.carrier(Carrier::Accepts);
        world.until_status(order(1), ShipmentStatus::Dispatched).await;
        assert_eq!(world.request(order(1)).await, Some(dispatched(order(1))));
        assert_eq!(world.ledger().bookings.len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_final() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Refuses).await;
        world.request(order(1)).await;
        world.until_status(order(1), ShipmentStatus::Refused).await;
        world.carrier(Carrier::Accepts);
        assert_eq!(world.request(order(1)).await, Some(Reply::CarrierRefused));
        assert_eq!(world.call_off(order(1)).await, Some(Reply::CalledOff));
        assert_eq!(world.status(order(1)).await, Some(ShipmentStatus::Refused));
        assert_eq!(world.ledger().asked.len(), 1);
    }
}

#[tokio::test]
async fn a_carrier_that_is_away_is_asked_until_it_is_back() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Away).await;
        world.request(order(1)).await;
        world.until_asked(3).await;
        assert_eq!(world.status(order(1)).await, Some(ShipmentStatus::Booking));
        world.carrier(Carrier::Accepts);
        world.until_status(order(1), ShipmentStatus::Dispatched).await;
        assert_eq!(world.audit().await["pending"]["tasks"], 0);
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Loses).await;
        world.request(order(1)).await;
        world.until_asked(2).await;
        world.carrier(Carrier::Accepts);
        world.until_status(order(1), ShipmentStatus::Dispatched).await;
        let ledger = world.ledger();
        assert!(ledger.asked.iter().all(|(key, _)| *key == order(1).to_string()));
        assert_eq!(ledger.bookings.len(), 1, "one booking, however often it was asked for");
    }
}

#[tokio::test]
async fn a_crash_before_the_answer_is_survived_by_asking_again() {
    for style in Style::ORCHESTRATED {
        let mut world = World::start(style, Carrier::Holds).await;
        world.request(order(1)).await;
        world.until_asked(1).await;
        world.crash();
        world.carrier(Carrier::Accepts);
        world.reopen();
        world.until_status(order(1), ShipmentStatus::Dispatched).await;
        assert_eq!(world.ledger().bookings.len(), 1);
    }
}

#[tokio::test]
async fn one_order_does_not_wait_for_another() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Holds).await;
        for number in 1..=20 {
            world.request(order(number)).await;
        }
        world.until_asked(20).await;
        world.carrier(Carrier::Accepts);
        for number in 1..=20 {
            world.until_status(order(number), ShipmentStatus::Dispatched).await;
        }
        assert_eq!(world.ledger().bookings.len(), 20);
    }
}
