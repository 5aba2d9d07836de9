//! `POST /v1/orders/{id}/cancel`: what is answered when. What becomes of the order is told in the process's tests.

use chassis::client::Call;
use contracts::ordering::{Cancel, Order, OrderStatus};

use crate::support::{Answer, Ask, CUSTOMER, World, in_both_styles, refusal, with};

in_both_styles! {
    whoever_waits_is_told_that_it_is_cancelled,
    whoever_waits_is_told_that_it_was_too_late_before_the_outcome,
    whoever_does_not_wait_is_told_that_it_is_undecided,
    a_key_that_comes_again_wishes_nothing_anew_and_waits_afresh,
}

fn cancel(world: &World, order: &Order, wait: &str) -> Call {
    with(Call::post(world.url(&format!("/v1/orders/{}/cancel", order.id))), "prefer", wait)
}

async fn approved(world: &World) -> Order {
    world.peers.hold(Ask::Ship);
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Approved).await
}

async fn whoever_waits_is_told_that_it_is_cancelled(world: World) {
    let order = approved(&world).await;
    let response = world.send(cancel(&world, &order, "wait=30")).await;
    assert_eq!(response.status, 200);
    let cancelled: Order = response.json().unwrap();
    assert_eq!((cancelled.status, cancelled.cancel), (OrderStatus::Cancelled, Some(Cancel::Done)));
    assert_eq!(response.headers["etag"], format!("\"{}\"", cancelled.version));
    // Asked again it is cancelled still.
    let again = world.send(cancel(&world, &order, "wait=0")).await;
    assert_eq!((again.status.as_u16(), again.json::<Order>().unwrap()), (200, cancelled));
}

async fn whoever_waits_is_told_that_it_was_too_late_before_the_outcome(world: World) {
    world.peers.hold(Ask::Bill);
    world.peers.answer(Ask::CallOff, Answer::dispatched_already());
    let order = approved(&world).await;
    let response = world.send(cancel(&world, &order, "wait=30")).await;
    let shipped: Order = response.json().unwrap();
    assert_eq!((response.status.as_u16(), shipped.status), (200, OrderStatus::Shipped));
    assert_eq!(shipped.cancel, Some(Cancel::TooLate));
}

async fn whoever_does_not_wait_is_told_that_it_is_undecided(world: World) {
    world.peers.hold(Ask::CallOff);
    let order = approved(&world).await;
    for wait in ["wait=0", "wait=2"] {
        let response = world.send(cancel(&world, &order, wait)).await;
        let pending: Order = response.json().unwrap();
        assert_eq!((response.status.as_u16(), pending.status), (202, OrderStatus::CancelPending));
        assert_eq!(pending.cancel, Some(Cancel::Requested));
    }
}

async fn a_key_that_comes_again_wishes_nothing_anew_and_waits_afresh(world: World) {
    world.peers.hold(Ask::CallOff);
    world.peers.answer(Ask::CallOff, Answer::dispatched_already());
    let order = approved(&world).await;
    let keyed = |wait| with(cancel(&world, &order, wait), "idempotency-key", "k1");
    assert_eq!(world.send(keyed("wait=0")).await.status, 202);
    assert_eq!(world.send(keyed("wait=1")).await.status, 202);
    world.peers.let_go(Ask::CallOff);
    world.until_in(&order, OrderStatus::Completed).await;
    // This cancel was accepted and lost; another one would be refused.
    let response = world.send(keyed("wait=30")).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json::<Order>().unwrap().cancel, Some(Cancel::TooLate));
    let other = world.send(cancel(&world, &order, "wait=30")).await;
    assert_eq!(refusal(&other), (409, "ALREADY_DISPATCHED".to_owned()));
    let mismatch = world.create(&[]).await;
    let response = world.send(with(world.cancel(&mismatch), "idempotency-key", "k1")).await;
    assert_eq!(refusal(&response), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn only_what_was_seen_and_what_exists_is_cancelled() {
    let world = World::start(contracts::Style::Rest).await;
    let order = world.create(&[("TEA", 1)]).await;
    let response = world.send(with(world.cancel(&order), "if-match", "\"1\"")).await;
    assert_eq!(refusal(&response), (412, "PRECONDITION_FAILED".to_owned()));
    let nobodys = Call::post(world.url(&format!("/v1/orders/{CUSTOMER}/cancel")));
    assert_eq!(refusal(&world.send(nobodys).await), (404, "NOT_FOUND".to_owned()));
    let seen = format!("\"{}\"", order.version);
    assert_eq!(world.send(with(world.cancel(&order), "if-match", &seen)).await.status, 200);
}
