//! How an order ends when every participant answers.

use contracts::{
    customers::CreditRefusal,
    ordering::{OrderStatus, Reason, WaitingFor},
};

use crate::support::{Answer, Ask, World, contact, in_both_styles};

in_both_styles! {
    an_order_that_is_approved_completes,
    an_order_waits_for_one_thing_after_the_other,
    refused_credit_rejects_the_order_for_its_reason,
    stock_that_is_out_frees_the_credit_before_the_order_is_rejected,
    a_carrier_that_refuses_has_everything_undone_for_its_reason,
}

async fn an_order_that_is_approved_completes(world: World) {
    let order = world.placed().await;
    let order = world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!((order.reason, order.waiting_for, order.cancel), (None, None, None));
    assert_eq!(order.ship_to, Some(contact().address));
    assert!(order.placed_at.is_some() && order.finished_at.is_some());
    assert_eq!(world.until_at_rest(&order).await, order);
    assert_eq!(world.peers.kinds_asked(), Ask::FORWARD);
    assert_eq!(world.peers.all_asked().len(), Ask::FORWARD.len(), "each is asked once");
}

async fn an_order_waits_for_one_thing_after_the_other(world: World) {
    Ask::FORWARD.into_iter().for_each(|ask| world.peers.hold(ask));
    let order = world.placed().await;
    let stations = [
        (Ask::ReserveCredit, OrderStatus::Pending, WaitingFor::Credit),
        (Ask::ReserveStock, OrderStatus::CreditConfirmed, WaitingFor::Stock),
        (Ask::Ship, OrderStatus::Approved, WaitingFor::Carrier),
        (Ask::Bill, OrderStatus::Shipped, WaitingFor::Payment),
        (Ask::SettleCredit, OrderStatus::Shipped, WaitingFor::Settlement),
        (Ask::TakeStockOut, OrderStatus::Shipped, WaitingFor::Settlement),
    ];
    for (ask, status, waiting_for) in stations {
        world.peers.until_asked(ask, 1).await;
        let order = world.show(&order).await;
        assert_eq!((order.status, order.waiting_for), (status, Some(waiting_for)), "{ask:?} is held");
        world.peers.let_go(ask);
    }
    world.until_in(&order, OrderStatus::Completed).await;
}

async fn refused_credit_rejects_the_order_for_its_reason(world: World) {
    let reasons = [
        (CreditRefusal::UnknownCustomer, Reason::UnknownCustomer),
        (CreditRefusal::InsufficientCredit, Reason::InsufficientCredit),
        (CreditRefusal::CurrencyMismatch, Reason::CurrencyMismatch),
    ];
    for (refusal, reason) in reasons {
        world.peers.answer(Ask::ReserveCredit, Answer::credit_refused(refusal));
        let order = world.placed().await;
        let order = world.until_in(&order, OrderStatus::Rejected).await;
        assert_eq!((order.reason, order.cancel, order.ship_to.clone()), (Some(reason), None, None));
        assert_eq!(world.until_at_rest(&order).await, order);
    }
    assert_eq!(world.peers.kinds_asked(), [Ask::ReserveCredit], "nothing else is asked, nothing is undone");
}

async fn stock_that_is_out_frees_the_credit_before_the_order_is_rejected(world: World) {
    world.peers.answer(Ask::ReserveStock, Answer::out_of_stock());
    world.peers.hold(Ask::ReleaseCredit);
    let order = world.placed().await;
    world.peers.until_asked(Ask::ReleaseCredit, 1).await;
    // A final status is written last: who reads REJECTED finds the credit free.
    assert_eq!(world.show(&order).await.status, OrderStatus::CreditConfirmed);
    world.peers.let_go(Ask::ReleaseCredit);
    let order = world.until_in(&order, OrderStatus::Rejected).await;
    assert_eq!((order.reason, order.waiting_for, order.cancel), (Some(Reason::OutOfStock), None, None));
    assert_eq!(world.until_at_rest(&order).await, order);
    assert_eq!(world.peers.kinds_asked(), [Ask::ReserveCredit, Ask::ReserveStock, Ask::ReleaseCredit]);
}

async fn a_carrier_that_refuses_has_everything_undone_for_its_reason(world: World) {
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    world.peers.hold(Ask::CallOff);
    let order = world.placed().await;
    let pending = world.until_in(&order, OrderStatus::CancelPending).await;
    assert_eq!(
        (pending.reason, pending.waiting_for, pending.cancel),
        (Some(Reason::CarrierRefused), Some(WaitingFor::Undo), None)
    );
    world.peers.let_go(Ask::CallOff);
    let order = world.until_in(&order, OrderStatus::Cancelled).await;
    assert_eq!((order.reason, order.waiting_for, order.cancel), (Some(Reason::CarrierRefused), None, None));
    assert_eq!(world.until_at_rest(&order).await, order);
    let forward = [Ask::ReserveCredit, Ask::ReserveStock, Ask::Ship];
    assert_eq!(world.peers.kinds_asked(), [forward, Ask::BACK].concat());
}
