//! Orders that are cancelled: before anybody was asked, in time, and too late.

use contracts::{
    ordering::{Cancel, Order, OrderStatus, Reason},
    shipping,
};

use crate::support::{Answer, Ask, World, in_both_styles, refusal};

in_both_styles! {
    an_open_order_is_cancelled_at_once_and_nobody_hears_of_it,
    an_order_can_be_cancelled_wherever_it_is_on_its_way,
    a_cancel_after_the_dispatch_is_too_late_and_the_order_completes,
    a_cancel_waits_for_the_carrier_that_is_being_asked,
    a_carriers_acceptance_wins_over_the_call_off_that_waits_for_it,
    a_refused_order_that_is_cancelled_too_tells_both,
    an_order_that_is_being_rejected_can_still_be_cancelled,
    what_is_decided_is_not_cancelled,
}

async fn an_open_order_is_cancelled_at_once_and_nobody_hears_of_it(world: World) {
    let order = world.create(&[("TEA", 2)]).await;
    let response = world.send(world.cancel(&order)).await;
    assert_eq!(response.status, 200);
    let order: Order = response.json().unwrap();
    assert_eq!(
        (order.status, order.cancel, order.reason),
        (OrderStatus::Cancelled, Some(Cancel::Done), None)
    );
    assert!(order.finished_at.is_some() && order.placed_at.is_none());
    assert_eq!(world.until_at_rest(&order).await, order);
    assert!(world.peers.all_asked().is_empty());
}

/// What is held, and where the order stands meanwhile.
const ON_ITS_WAY: [(Ask, OrderStatus); 3] = [
    (Ask::ReserveCredit, OrderStatus::Pending),
    (Ask::ReserveStock, OrderStatus::CreditConfirmed),
    (Ask::Ship, OrderStatus::Approved),
];

async fn an_order_can_be_cancelled_wherever_it_is_on_its_way(world: World) {
    for (held, status) in ON_ITS_WAY {
        world.peers.hold(held);
        let order = world.placed().await;
        world.until_in(&order, status).await;
        let response = world.send(world.cancel(&order)).await;
        assert_eq!(response.status, 202);
        let pending: Order = response.json().unwrap();
        assert_eq!((pending.status, pending.cancel), (OrderStatus::CancelPending, Some(Cancel::Requested)));

        let cancelled = world.until_in(&order, OrderStatus::Cancelled).await;
        assert_eq!((cancelled.cancel, cancelled.reason), (Some(Cancel::Done), None), "cancelled {status:?}");
        // Undone is everything, in the reverse order, even what was never asked for: it may be under way.
        assert_eq!(asked_back(&world, &order), Ask::BACK);

        // What comes by now comes too late.
        world.peers.let_go(held);
        world.peers.tell(order.id, shipping::Reply::CarrierRefused).await;
        assert_eq!(world.until_at_rest(&order).await, cancelled);
    }
}

fn asked_back(world: &World, order: &Order) -> Vec<Ask> {
    let asked = world.peers.all_asked().into_iter().filter(|asked| asked.order == order.id);
    asked.map(|asked| Ask::of(&asked.request)).filter(|ask| Ask::BACK.contains(ask)).collect()
}

async fn a_cancel_after_the_dispatch_is_too_late_and_the_order_completes(world: World) {
    world.peers.hold(Ask::Ship);
    world.peers.hold(Ask::Bill);
    world.peers.answer(Ask::CallOff, Answer::dispatched_already());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Approved).await;
    assert_eq!(world.send(world.cancel(&order)).await.status, 202);
    let shipped = world.until_in(&order, OrderStatus::Shipped).await;
    assert_eq!((shipped.cancel, shipped.reason), (Some(Cancel::TooLate), None));
    world.peers.let_go(Ask::Ship);
    world.peers.let_go(Ask::Bill);
    let completed = world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!(completed.cancel, Some(Cancel::TooLate));
    assert_eq!(world.until_at_rest(&order).await, completed);
    assert_eq!(asked_back(&world, &order), [Ask::CallOff], "nothing else is undone");
}

async fn a_cancel_waits_for_the_carrier_that_is_being_asked(world: World) {
    world.peers.hold(Ask::Ship);
    world.peers.hold(Ask::CallOff);
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    world.peers.answer(Ask::CallOff, Answer::later(shipping::Reply::CalledOff));
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Approved).await;
    world.send(world.cancel(&order)).await;
    world.peers.until_asked(Ask::CallOff, 2).await;
    assert_eq!(world.show(&order).await.status, OrderStatus::CancelPending);
    world.peers.let_go(Ask::Ship);
    world.peers.let_go(Ask::CallOff);
    let order = world.until_in(&order, OrderStatus::Cancelled).await;
    // The reason is that of the first move: the client's wish, which has none.
    assert_eq!((order.cancel, order.reason), (Some(Cancel::Done), None));
}

async fn a_carriers_acceptance_wins_over_the_call_off_that_waits_for_it(world: World) {
    world.peers.hold(Ask::Ship);
    world.peers.hold(Ask::CallOff);
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Approved).await;
    world.send(world.cancel(&order)).await;
    world.peers.until_asked(Ask::CallOff, 1).await;
    // The answer to the request says all there is to say: the call-off needs none of its own.
    world.peers.let_go(Ask::Ship);
    let order = world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!(order.cancel, Some(Cancel::TooLate));
}

async fn a_refused_order_that_is_cancelled_too_tells_both(world: World) {
    world.peers.hold(Ask::CallOff);
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::CancelPending).await;
    let wished: Order = world.send(world.cancel(&order)).await.json().unwrap();
    assert_eq!((wished.cancel, wished.reason), (Some(Cancel::Requested), Some(Reason::CarrierRefused)));
    world.peers.let_go(Ask::CallOff);
    let order = world.until_in(&order, OrderStatus::Cancelled).await;
    assert_eq!((order.cancel, order.reason), (Some(Cancel::Done), Some(Reason::CarrierRefused)));
}

async fn an_order_that_is_being_rejected_can_still_be_cancelled(world: World) {
    world.peers.answer(Ask::ReserveStock, Answer::out_of_stock());
    world.peers.hold(Ask::ReleaseCredit);
    let order = world.placed().await;
    world.peers.until_asked(Ask::ReleaseCredit, 1).await;
    assert_eq!(world.send(world.cancel(&order)).await.status, 202);
    world.peers.let_go(Ask::ReleaseCredit);
    // The chain that runs already is the one that it waits for: once CANCEL_PENDING it is never REJECTED.
    let order = world.until_in(&order, OrderStatus::Cancelled).await;
    assert_eq!((order.cancel, order.reason), (Some(Cancel::Done), None));
    assert_eq!(world.until_at_rest(&order).await, order);
}

async fn what_is_decided_is_not_cancelled(world: World) {
    world.peers.hold(Ask::Bill);
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Shipped).await;
    let response = world.send(world.cancel(&order)).await;
    assert_eq!(refusal(&response), (409, "ALREADY_DISPATCHED".to_owned()));
    world.peers.let_go(Ask::Bill);
    world.until_in(&order, OrderStatus::Completed).await;
    let response = world.send(world.cancel(&order)).await;
    assert_eq!(refusal(&response), (409, "ALREADY_DISPATCHED".to_owned()));
    assert_eq!(world.show(&order).await.cancel, None);

    world.peers.answer(Ask::ReserveStock, Answer::out_of_stock());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Rejected).await;
    let response = world.send(world.cancel(&order)).await;
    assert_eq!(refusal(&response), (409, "ORDER_REJECTED".to_owned()));
}
