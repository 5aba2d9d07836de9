//! Orders whose invoice is not paid at first.

use contracts::{
    billing,
    ordering::{Order, OrderStatus},
};

use crate::support::{Answer, Ask, World, in_both_styles};

in_both_styles! {
    an_order_whose_payment_is_refused_rests_until_it_is_paid,
    a_payment_that_is_heard_of_before_its_refusal_counts,
    stock_leaves_the_house_though_the_payment_was_refused,
}

async fn unpaid(world: &World) -> Order {
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Shipped).await;
    world.until_at_rest(&order).await
}

async fn an_order_whose_payment_is_refused_rests_until_it_is_paid(world: World) {
    let order = unpaid(&world).await;
    assert_eq!((order.status, order.waiting_for), (OrderStatus::Shipped, None));
    assert_eq!(order.finished_at, None);
    assert!(world.peers.asked(Ask::SettleCredit).is_empty(), "its credit stays reserved");
    for _ in 0..2 {
        world.peers.tell(order.id, billing::Reply::InvoicePaid).await;
    }
    let order = world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!(world.until_at_rest(&order).await, order);
    assert_eq!(world.peers.asked(Ask::SettleCredit).len(), 1);
    assert_eq!(world.peers.asked(Ask::Bill).len(), 1, "one invoice");
}

async fn a_payment_that_is_heard_of_before_its_refusal_counts(world: World) {
    world.peers.hold(Ask::Bill);
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Shipped).await;
    world.peers.tell(order.id, billing::Reply::InvoicePaid).await;
    let completed = world.until_in(&order, OrderStatus::Completed).await;
    world.peers.let_go(Ask::Bill);
    world.peers.tell(order.id, billing::Reply::InvoiceUnpaid).await;
    assert_eq!(world.until_at_rest(&order).await, completed);
}

async fn stock_leaves_the_house_though_the_payment_was_refused(world: World) {
    world.peers.hold(Ask::TakeStockOut);
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let order = world.placed().await;
    crate::support::until("the payment is refused", async || {
        let order = world.show(&order).await;
        (order.status == OrderStatus::Shipped && order.waiting_for.is_none()).then_some(())
    })
    .await;
    world.peers.let_go(Ask::TakeStockOut);
    world.until_at_rest(&order).await;
    let steps = world.log(&order).await;
    assert!(steps.contains(&("take_stock_out".to_owned(), "done".to_owned())), "{steps:?}");
    world.peers.tell(order.id, billing::Reply::InvoicePaid).await;
    world.until_in(&order, OrderStatus::Completed).await;
}
