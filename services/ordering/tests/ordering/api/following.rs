//! `GET /v1/orders/{id}/events`.

use std::time::Duration;

use axum::http::StatusCode;
use contracts::{
    Style, billing,
    ordering::{Cancel, Order, OrderStatus, Reason},
};
use tokio::time::Instant;

use crate::support::{Answer, Ask, CUSTOMER, Event, Events, World, in_both_styles};

in_both_styles! {
    every_status_is_told_as_it_comes_then_the_outcome_and_the_server_closes,
    what_was_told_before_is_told_to_those_who_come_late,
    a_client_goes_on_from_the_last_event_that_it_has_seen,
    nothing_can_follow_the_outcome_of_a_final_status,
    an_unpaid_invoice_is_an_outcome_and_a_payment_leads_to_another,
    a_stream_ends_when_the_service_stops,
}

async fn follow(world: &World, order: &Order, seen: Option<&str>) -> Events {
    Events::of(world, &order.id.to_string(), seen).await.unwrap()
}

fn short(events: &[Event]) -> Vec<(&str, OrderStatus)> {
    events.iter().map(Event::short).collect()
}

const COMPLETED: [(&str, OrderStatus); 7] = [
    ("status", OrderStatus::Open),
    ("status", OrderStatus::Pending),
    ("status", OrderStatus::CreditConfirmed),
    ("status", OrderStatus::Approved),
    ("status", OrderStatus::Shipped),
    ("status", OrderStatus::Completed),
    ("outcome", OrderStatus::Completed),
];

async fn every_status_is_told_as_it_comes_then_the_outcome_and_the_server_closes(world: World) {
    Ask::FORWARD.into_iter().for_each(|ask| world.peers.hold(ask));
    let order = world.create(&[("TEA", 2)]).await;
    let mut events = follow(&world, &order, None).await;
    let mut told = vec![events.next().await.unwrap()];
    world.send(world.place(&order)).await;
    told.push(events.next().await.unwrap());
    for ask in [Ask::ReserveCredit, Ask::ReserveStock, Ask::Ship] {
        world.peers.let_go(ask);
        let event = events.next().await.unwrap();
        assert_eq!(event.change.status, world.show(&order).await.status, "told as soon as it is so");
        told.push(event);
    }
    Ask::FORWARD.into_iter().for_each(|ask| world.peers.let_go(ask));
    told.extend(events.rest().await);
    assert_eq!(short(&told), COMPLETED);
    let completed = world.show(&order).await;
    let last = &told.last().unwrap().change;
    assert_eq!((last.order_id, Some(last.at), last.reason), (order.id, completed.finished_at, None));
    let mut ids: Vec<_> = told.iter().map(|event| &event.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "each has an id of its own");
}

async fn what_was_told_before_is_told_to_those_who_come_late(world: World) {
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!(short(&follow(&world, &order, None).await.rest().await), COMPLETED);
    // An id that was never given is that of somebody who has seen nothing.
    assert_eq!(short(&follow(&world, &order, Some("yesterday")).await.rest().await), COMPLETED);
}

async fn a_client_goes_on_from_the_last_event_that_it_has_seen(world: World) {
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Completed).await;
    let all = follow(&world, &order, None).await.rest().await;
    for seen in 0..all.len() - 1 {
        let rest = follow(&world, &order, Some(&all[seen].id)).await.rest().await;
        assert_eq!(rest, all[seen + 1..], "after {:?}", all[seen]);
    }
}

async fn nothing_can_follow_the_outcome_of_a_final_status(world: World) {
    for (ask, answer) in [
        (Ask::ReserveStock, Answer::out_of_stock()),
        (Ask::Ship, Answer::carrier_refuses()),
        (Ask::Ship, Ask::Ship.usual()),
    ] {
        world.peers.answer(Ask::ReserveStock, Ask::ReserveStock.usual());
        world.peers.answer(ask, answer);
        let order = world.placed().await;
        let last = follow(&world, &order, None).await.rest().await.pop().unwrap();
        let order = world.show(&order).await;
        assert_eq!(
            (last.name.as_str(), last.change.status, last.change.reason),
            ("outcome", order.status, order.reason)
        );
        for seen in [last.id.as_str(), "1000", "1000-outcome"] {
            let more = Events::of(&world, &order.id.to_string(), Some(seen)).await;
            assert_eq!(more.err(), Some(StatusCode::NO_CONTENT), "after {seen}");
        }
    }
}

async fn an_unpaid_invoice_is_an_outcome_and_a_payment_leads_to_another(world: World) {
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let order = world.placed().await;
    let told = follow(&world, &order, None).await.rest().await;
    let unpaid = [&COMPLETED[..5], &[("outcome", OrderStatus::Shipped)]].concat();
    assert_eq!(short(&told), unpaid);
    assert_eq!(
        short(&follow(&world, &order, None).await.rest().await),
        unpaid,
        "for those who come late, too"
    );

    // Who has seen that, waits for what may follow.
    let mut events = follow(&world, &order, Some(&told.last().unwrap().id)).await;
    let silence = tokio::time::timeout(Duration::from_secs(60), events.next()).await;
    assert!(silence.is_err(), "nothing has happened: {silence:?}");
    world.peers.tell(order.id, billing::Reply::InvoicePaid).await;
    assert_eq!(short(&events.rest().await), COMPLETED[5..]);
    // Who comes now hears of one outcome, the one that holds.
    assert_eq!(short(&follow(&world, &order, None).await.rest().await), COMPLETED);
    let seen_shipped = &told[4].id;
    assert_eq!(short(&follow(&world, &order, Some(seen_shipped)).await.rest().await), COMPLETED[5..]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_order_tells_whose_wish_it_was() {
    let world = World::start(Style::Rest).await;
    world.peers.hold(Ask::Ship);
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Approved).await;
    world.send(world.cancel(&order)).await;
    let told = follow(&world, &order, None).await.rest().await;
    let ended: Vec<_> = told[4..].iter().map(|event| (event.change.status, event.change.cancel)).collect();
    let done = (OrderStatus::Cancelled, Some(Cancel::Done));
    assert_eq!(ended, [(OrderStatus::CancelPending, Some(Cancel::Requested)), done, done]);

    world.peers.let_go(Ask::Ship);
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    let order = world.placed().await;
    let told = follow(&world, &order, None).await.rest().await;
    let ended: Vec<_> = told[4..].iter().map(|event| (event.change.cancel, event.change.reason)).collect();
    assert_eq!(ended, [(None, Some(Reason::CarrierRefused)); 3]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nobody_began_has_no_events() {
    let world = World::start(Style::Rest).await;
    assert_eq!(Events::of(&world, CUSTOMER, None).await.err(), Some(StatusCode::NOT_FOUND));
}

async fn a_stream_ends_when_the_service_stops(mut world: World) {
    world.peers.hold(Ask::ReserveCredit);
    let order = world.placed().await;
    let mut events = follow(&world, &order, None).await;
    let told = [events.next().await.unwrap(), events.next().await.unwrap()];
    let began = Instant::now();
    world.stop().await;
    assert_eq!(events.next().await, None);
    assert!(began.elapsed() < Duration::from_secs(5), "stopped after {:?}", began.elapsed());
    // The client comes back, and goes on where it was.
    world.restart();
    world.peers.let_go(Ask::ReserveCredit);
    let rest = follow(&world, &order, Some(&told[1].id)).await.rest().await;
    assert_eq!(short(&rest), COMPLETED[2..]);
}
