//! Cancel against dispatch, which shipping alone arbitrates.

use chassis::client::Call;
use contracts::{
    Style,
    shipping::{Command, Reply, ShipmentStatus},
};

use crate::support::{Carrier, World, dispatched, order, request};

#[tokio::test]
async fn a_call_off_before_the_request_leaves_a_tombstone_that_refuses_it() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Accepts).await;
        assert_eq!(world.call_off(order(1)).await, Some(Reply::CalledOff));
        assert_eq!(world.request(order(1)).await, Some(Reply::CalledOff));
        let shipment = world.shipment(order(1)).await.expect("a tombstone");
        assert_eq!((shipment.status, shipment.address), (ShipmentStatus::CalledOff, None));
        assert_eq!(world.ledger().asked.len(), 0);
    }
}

#[tokio::test]
async fn a_call_off_repeated_is_answered_again() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Accepts).await;
        for _ in 0..2 {
            assert_eq!(world.call_off(order(1)).await, Some(Reply::CalledOff));
        }
        assert_eq!(world.shipment(order(1)).await.map(|it| it.version), Some(1));
    }
}

#[tokio::test]
async fn a_call_off_after_dispatch_is_too_late() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Accepts).await;
        world.request(order(1)).await;
        world.until_status(order(1), ShipmentStatus::Dispatched).await;
        assert_eq!(world.call_off(order(1)).await, Some(dispatched(order(1))));
    }
}

#[tokio::test]
async fn a_call_off_during_booking_waits_and_loses_against_acceptance() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Holds).await;
        world.request(order(1)).await;
        world.until_asked(1).await;
        assert_eq!(world.call_off(order(1)).await, None);
        assert_eq!(world.call_off(order(1)).await, None);
        world.carrier(Carrier::Accepts);
        world.until_told(1).await;
        assert_eq!(world.late_answers(), [dispatched(order(1))], "which answers both");
        assert_eq!(world.call_off(order(1)).await, Some(dispatched(order(1))));
    }
}

#[tokio::test]
async fn a_call_off_during_booking_waits_and_wins_with_a_refusal() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Carrier::Holds).await;
        world.request(order(1)).await;
        world.until_asked(1).await;
        assert_eq!(world.call_off(order(1)).await, None);
        world.carrier(Carrier::Refuses);
        world.until_told(2).await;
        assert_eq!(
            world.late_answers(),
            [Reply::CarrierRefused, Reply::CalledOff],
            "the request's answer first"
        );
        assert_eq!(world.status(order(1)).await, Some(ShipmentStatus::Refused));
    }
}

#[tokio::test]
async fn a_command_at_another_address_than_its_own_is_malformed() {
    let world = World::start(Style::Rest, Carrier::Accepts).await;
    let address = |number| world.url(&format!("/internal/shipments/{}", order(number)));
    let call_off = Command::CallOff { order_id: order(1) };
    assert_eq!(world.command(Call::put(address(2)), &request(order(1))).await, (400, None));
    assert_eq!(world.command(Call::delete(address(2)), &call_off).await, (400, None));
    assert_eq!(world.command(Call::put(address(1)), &call_off).await, (400, None));
    assert_eq!(world.command(Call::delete(address(1)), &request(order(1))).await, (400, None));
    assert_eq!((world.status(order(1)).await, world.status(order(2)).await), (None, None));
}
