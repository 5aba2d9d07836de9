//! `POST /v1/orders/{id}/place`.

use std::time::Duration;

use chassis::client::Call;
use contracts::{
    Style,
    ordering::{Order, OrderStatus, Reason},
};
use tokio::time::Instant;

use crate::support::{Answer, Ask, World, in_both_styles, refusal, with};

in_both_styles! {
    whoever_waits_is_told_the_outcome,
    whoever_waits_for_nothing_is_told_that_it_is_under_way,
    a_wait_ends_with_an_unpaid_invoice,
    unless_told_a_client_waits_as_is_usual_in_the_style,
    a_key_that_comes_again_starts_nothing_and_waits_afresh,
    a_wait_ends_when_the_service_stops,
}

fn place(world: &World, order: &Order) -> Call {
    Call::post(world.url(&format!("/v1/orders/{}/place", order.id)))
}

async fn whoever_waits_is_told_the_outcome(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(with(place(&world, &order), "prefer", "wait=30")).await;
    assert_eq!(response.status, 200);
    let placed: Order = response.json().unwrap();
    assert_eq!(placed.status, OrderStatus::Completed);
    assert_eq!(response.headers["etag"], format!("\"{}\"", placed.version));
    assert_eq!(placed, world.show(&order).await);

    world.peers.answer(Ask::ReserveStock, Answer::out_of_stock());
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(with(place(&world, &order), "prefer", "wait=30")).await;
    let rejected: Order = response.json().unwrap();
    assert_eq!((response.status.as_u16(), rejected.status), (200, OrderStatus::Rejected));
    assert_eq!(rejected.reason, Some(Reason::OutOfStock));
}

async fn whoever_waits_for_nothing_is_told_that_it_is_under_way(world: World) {
    world.peers.hold(Ask::ReserveCredit);
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(with(place(&world, &order), "prefer", "wait=0")).await;
    assert_eq!(response.status, 202);
    assert_eq!(response.json::<Order>().unwrap().status, OrderStatus::Pending);
}

async fn a_wait_ends_with_an_unpaid_invoice(world: World) {
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(with(place(&world, &order), "prefer", "wait=30")).await;
    let order: Order = response.json().unwrap();
    assert_eq!(
        (response.status.as_u16(), order.status, order.waiting_for),
        (200, OrderStatus::Shipped, None)
    );
}

async fn unless_told_a_client_waits_as_is_usual_in_the_style(world: World) {
    world.peers.hold(Ask::ReserveCredit);
    let usual = if world.style == Style::Rest { 5 } else { 0 };
    for (told, expected) in
        [(None, usual), (Some("wait=2"), 2), (Some("wait=600"), 30), (Some("return=minimal"), usual)]
    {
        let order = world.create(&[("TEA", 2)]).await;
        let call = place(&world, &order);
        let began = Instant::now();
        let response = world.send(told.map_or(call.clone(), |told| with(call, "prefer", told))).await;
        assert_eq!(response.status, 202);
        assert_eq!(began.elapsed().as_secs(), expected, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_before_the_deadline_of_the_request() {
    let world = World::start(Style::Rest).await;
    world.peers.hold(Ask::ReserveCredit);
    let order = world.create(&[("TEA", 2)]).await;
    let call = with(with(place(&world, &order), "prefer", "wait=30"), "x-request-timeout-ms", "1000");
    let began = Instant::now();
    assert_eq!(world.send(call).await.status, 202);
    assert!(began.elapsed() < Duration::from_secs(1));
    // A deadline that is over before anything was done is told as such, and nothing was done.
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(with(place(&world, &order), "grpc-timeout", "0m")).await;
    assert_eq!(refusal(&response), (504, "DEADLINE_EXCEEDED".to_owned()));
    assert_eq!(world.show(&order).await, order);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_placed_once_and_with_items() {
    let world = World::start(Style::Rest).await;
    let empty = world.create(&[]).await;
    assert_eq!(refusal(&world.send(place(&world, &empty)).await), (409, "EMPTY_ORDER".to_owned()));
    let order = world.placed().await;
    assert_eq!(refusal(&world.send(place(&world, &order)).await), (409, "ORDER_LOCKED".to_owned()));
    let nobodys = Call::post(world.url(&format!("/v1/orders/{}/place", crate::support::CUSTOMER)));
    assert_eq!(refusal(&world.send(nobodys).await), (404, "NOT_FOUND".to_owned()));
    let call = with(place(&world, &empty), "content-type", "application/json").body("{");
    assert_eq!(refusal(&world.send(call).await), (400, "MALFORMED_REQUEST".to_owned()));
}

async fn a_key_that_comes_again_starts_nothing_and_waits_afresh(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    let keyed = |wait| with(with(place(&world, &order), "idempotency-key", "k1"), "prefer", wait);
    world.peers.hold(Ask::ReserveCredit);
    assert_eq!(world.send(keyed("wait=0")).await.status, 202);
    // Without the key it is another request, which comes too late.
    assert_eq!(world.send(world.place(&order)).await.status, 409);
    assert_eq!(world.send(keyed("wait=1")).await.status, 202);
    world.peers.let_go(Ask::ReserveCredit);
    let response = world.send(keyed("wait=30")).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json::<Order>().unwrap().status, OrderStatus::Completed);
    // The key belongs to one order, since it stands for one request.
    let other = world.create(&[("TEA", 2)]).await;
    let response = world.send(with(world.place(&other), "idempotency-key", "k1")).await;
    assert_eq!(refusal(&response), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    assert_eq!(world.show(&other).await.status, OrderStatus::Open);
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_with_one_key_at_a_time_one_is_told_to_come_again_or_both_are_answered_alike() {
    let world = World::start(Style::Rest).await;
    let order = world.create(&[("TEA", 2)]).await;
    let keyed = || world.send(with(world.place(&order), "idempotency-key", "k1"));
    for response in <[_; 2]>::from(tokio::join!(keyed(), keyed())) {
        if response.status == 409 {
            assert_eq!(refusal(&response), (409, "IDEMPOTENCY_IN_PROGRESS".to_owned()));
            assert!(response.headers.contains_key("retry-after"));
        } else {
            assert_eq!(response.status, 202);
        }
    }
    world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!(world.peers.all_asked().len(), Ask::FORWARD.len());
}

async fn a_wait_ends_when_the_service_stops(mut world: World) {
    world.peers.hold(Ask::ReserveCredit);
    let order = world.create(&[("TEA", 2)]).await;
    let (client, call) = (world.http.clone(), with(place(&world, &order), "prefer", "wait=30"));
    let waiting = tokio::spawn(async move { client.send(call).await.unwrap() });
    world.until_in(&order, OrderStatus::Pending).await;
    let began = Instant::now();
    world.stop().await;
    assert_eq!(waiting.await.unwrap().status, 202);
    assert!(began.elapsed() < Duration::from_secs(5), "stopped after {:?}", began.elapsed());
}
