//! How an order ends when every participant answers.

use contracts::{
    customers::CreditRefusal,
    ordering::{Order, OrderStatus, Reason, WaitingFor},
};

use crate::support::{Answer, Ask, World, contact, in_both_styles};

in_both_styles! {
    an_order_that_is_approved_completes,
    an_order_waits_for_one_thing_after_the_other,
    refused_credit_rejects_the_order_for_its_reason,
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
        let order: Order = world.placed().await;
        let order = world.until_in(&order, OrderStatus::Rejected).await;
        assert_eq!((order.reason, order.cancel, order.ship_to.clone()), (Some(reason), None, None));
        assert_eq!(world.until_at_rest(&order).await, order);
    }
    assert_eq!(world.peers.kinds_asked(), [Ask::ReserveCredit], "nothing else is asked, nothing is undone");
}
