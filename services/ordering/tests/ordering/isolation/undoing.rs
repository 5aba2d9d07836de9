//! Undoing, while what is undone is still being done.

use std::time::Duration;

use ::messaging::{Data, Envelope};
use contracts::{
    CustomerId, Style, customers,
    ordering::{Cancel, Order, OrderStatus},
    shipping::ShipmentStatus,
    topics::{self, kinds},
    warehouse,
};

use crate::support::{Ask, House, Road, after_turns, in_both_styles, until};

in_both_styles! { House: cancel_against_approval, undo_before_action, reply_after_time_out }

/// *A client cancels while the order is being approved, or dispatched.*
///
/// Shipping alone arbitrates. Ordering only moves to CANCEL_PENDING, from where it is never APPROVED again, and asks
/// shipping first: it calls off, and then everything is undone, or it answers that the goods have left, and then nothing
/// is. Tried at one moment after the other, from before the first step to after the last.
async fn cancel_against_approval(house: House) {
    house.product("TEA", 100, 1_000).await;
    let ada = house.customer(100_000).await;
    let (mut cancelled, mut completed) = (0, 0);
    for turns in 0.. {
        let order = house.order(ada, "TEA", 2).await;
        let before = house.show_product("TEA").await;
        let (place, cancel) = (house.send(house.place(&order)), cancelled_after(&house, &order, turns));
        let (_, answered) = tokio::join!(place, cancel);
        house.until_at_rest().await;
        let order = house.show(&order).await;
        ended_right(&house, ada, &order, before.on_hand.get()).await;
        match (answered, order.status, order.cancel) {
            (200 | 202, OrderStatus::Cancelled, Some(Cancel::Done)) => cancelled += 1,
            (200 | 202, OrderStatus::Completed, Some(Cancel::TooLate)) => completed += 1,
            // It came when all was decided.
            (409, OrderStatus::Completed, None) => break,
            // It came before the order was placed, which then was refused.
            other => panic!("{other:?} after {turns} turns"),
        }
    }
    assert!(cancelled > 5 && completed > 5, "{cancelled} were cancelled, {completed} too late");
}

async fn cancelled_after(house: &House, order: &Order, turns: usize) -> u16 {
    let (http, call) = (house.http.clone(), house.cancel(order));
    after_turns(turns, async move { http.send(call).await.unwrap().status.as_u16() }).await
}

/// What one order did to all the others' things.
async fn ended_right(house: &House, customer: CustomerId, order: &Order, on_hand: i64) {
    let is_completed = order.status == OrderStatus::Completed;
    let product = house.show_product("TEA").await;
    let left = if is_completed { 2 } else { 0 };
    assert_eq!((product.on_hand.get(), product.reserved.get()), (on_hand - left, 0));
    assert_eq!(house.show_customer(customer).await.credit_reserved.amount(), 0);
    let times = usize::from(is_completed);
    assert_eq!(house.ledger("carrier", order).await.len(), times, "bookings");
    assert_eq!(house.ledger("payment", order).await.len(), times, "charges");
    assert_eq!(house.ledger("mail", order).await.len(), times, "mails");
    let shipped = house.shipment(order).await.map(|shipment| shipment.status);
    assert_eq!(shipped == Some(ShipmentStatus::Dispatched), is_completed, "{shipped:?}");
}

/// *What is undone arrives after its undoing, and is done.*
///
/// Every undo leaves a tombstone for its order, whether it finds something or not, which refuses what comes after it. In
/// `rest` a request is held up on its way until the order is cancelled; in `messaging`, where messages about one order
/// keep their order, one that was sent again comes after everything.
async fn undo_before_action(house: House) {
    house.product("TEA", 100, 10).await;
    let ada = house.customer(1_000).await;
    for held in [Ask::ReserveCredit, Ask::ReserveStock, Ask::Ship] {
        let order = house.order(ada, "TEA", 2).await;
        match house.style {
            Style::Rest => overtaken(&house, &order, held).await,
            _ => told_again(&house, ada, &order, held).await,
        }
        house.until_at_rest().await;
        let order = house.show(&order).await;
        assert_eq!((order.status, order.cancel), (OrderStatus::Cancelled, Some(Cancel::Done)), "{held:?}");
        ended_right(&house, ada, &order, 10).await;
    }
}

async fn overtaken(house: &House, order: &Order, held: Ask) {
    let (road, _) = way_of(house, held);
    let road = road.as_ref().unwrap();
    road.hold(held);
    house.send(house.place(order)).await;
    until("one call was given up, and another made", async || (road.set_off(held) >= 2).then_some(())).await;
    house.send(house.cancel(order)).await;
    house.until_in(order, OrderStatus::Cancelled).await;
    road.let_go(held);
    until("what was held up has arrived", async || (road.arrived(held) >= 2).then_some(())).await;
}

/// By which way this is asked, and how an order stands that waits for the answer.
fn way_of(house: &House, ask: Ask) -> (&Option<Road>, OrderStatus) {
    match ask {
        Ask::ReserveCredit => (&house.to_customers, OrderStatus::Pending),
        Ask::ReserveStock => (&house.to_warehouse, OrderStatus::CreditConfirmed),
        _ => (&house.to_shipping, OrderStatus::Approved),
    }
}

async fn told_again(house: &House, customer_id: CustomerId, order: &Order, again: Ask) {
    let participant = match again {
        Ask::ReserveCredit => "customers",
        Ask::ReserveStock => "warehouse",
        _ => "shipping",
    };
    // Nobody hears of it until it is cancelled.
    house.goes_away(participant).await;
    house.send(house.place(order)).await;
    house.until_in(order, way_of(house, again).1).await;
    house.send(house.cancel(order)).await;
    house.comes_back(participant);
    house.until_in(order, OrderStatus::Cancelled).await;
    let order_id = order.id;
    let lines =
        order.items.iter().map(|item| contracts::Line { sku: item.sku.clone(), quantity: item.quantity });
    let (topic, kind, data) = match again {
        Ask::ReserveCredit => {
            let amount = order.total.unwrap();
            let command = customers::Command::ReserveCredit { customer_id, order_id, amount };
            (topics::CUSTOMERS_COMMANDS, kinds::CUSTOMERS_COMMAND, Data::of(&command))
        }
        Ask::ReserveStock => {
            let command = warehouse::Command::ReserveStock { order_id, lines: lines.collect() };
            (topics::WAREHOUSE_COMMANDS, kinds::WAREHOUSE_COMMAND, Data::of(&command))
        }
        _ => {
            let (address, lines) = (crate::support::contact().address, lines.collect());
            let command =
                contracts::shipping::Command::RequestShipment { order_id, reference: None, address, lines };
            (topics::SHIPPING_COMMANDS, kinds::SHIPPING_COMMAND, Data::of(&command))
        }
    };
    let id = house.ids().next();
    house.publish(topic, Envelope::new(id, "ordering", kind, &order_id.to_string(), 1, data.unwrap())).await;
}

/// *The answer to a request that was given up comes after the answer to its repetition.*
///
/// Participants do the same thing for an order once, and answer a repetition from what they have; ordering takes an
/// answer in once, since the step that it is about is done by then. In `rest` the answer is held up on its way back; in
/// `messaging` the participant is away for so long that it is asked again.
async fn reply_after_time_out(house: House) {
    house.product("TEA", 100, 10).await;
    let ada = house.customer(1_000).await;
    let order = house.order(ada, "TEA", 2).await;
    if let (Some(to_customers), Some(to_warehouse)) = (&house.to_customers, &house.to_warehouse) {
        to_customers.hold_answers(Ask::ReserveCredit);
        to_warehouse.hold_answers(Ask::TakeStockOut);
        house.send(house.place(&order)).await;
        for (road, ask) in [(to_customers, Ask::ReserveCredit), (to_warehouse, Ask::TakeStockOut)] {
            until("it was asked again", async || (road.arrived(ask) >= 3).then_some(())).await;
            road.let_go(ask);
        }
    } else {
        house.goes_away("customers").await;
        house.send(house.place(&order)).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        house.comes_back("customers");
        house.until_in(&order, OrderStatus::Completed).await;
    }
    house.until_at_rest().await;
    let order = house.show(&order).await;
    assert_eq!(order.status, OrderStatus::Completed);
    ended_right(&house, ada, &order, 10).await;
}
