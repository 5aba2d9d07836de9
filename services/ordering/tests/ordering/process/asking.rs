//! What participants are asked, where, and on whose behalf.

use axum::http::Method;
use contracts::{
    Line, Money, Quantity, Style,
    billing::{self, BillTo},
    customers,
    ordering::{Order, OrderStatus},
    shipping, warehouse,
};
use ordering::process::Request;
use serde_json::json;

use crate::support::{Answer, Ask, World, contact, in_both_styles, with};

in_both_styles! {
    each_participant_is_asked_for_what_the_order_says,
    each_participant_is_asked_at_its_address,
    participants_are_asked_in_the_trace_of_the_request_that_placed_the_order,
    the_price_of_a_line_is_never_asked_again,
}

async fn each_participant_is_asked_for_what_the_order_says(world: World) {
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    let refused = complete(&world, OrderStatus::Cancelled).await;
    world.peers.answer(Ask::Ship, Ask::Ship.usual());
    let completed = complete(&world, OrderStatus::Completed).await;
    for (order, asks) in [(&refused, &Ask::BACK[..]), (&completed, &Ask::FORWARD[..])] {
        for ask in asks {
            let asked = world.peers.asked(*ask);
            let asked: Vec<_> = asked.into_iter().filter(|asked| asked.order == order.id).collect();
            let requests: Vec<_> = asked.into_iter().map(|asked| asked.request).collect();
            assert_eq!(requests, [expected(*ask, order)]);
        }
    }
}

async fn complete(world: &World, status: OrderStatus) -> Order {
    let body = json!({
        "customer_id": crate::support::CUSTOMER, "reference": "web-4711",
        "items": [{"sku": "TEA", "quantity": 2}, {"sku": "CUP", "quantity": 1}],
    });
    let order: Order = world.send(world.post("/v1/orders", &body)).await.json().unwrap();
    world.send(world.place(&order)).await;
    world.until_in(&order, status).await
}

fn expected(ask: Ask, order: &Order) -> Request {
    let (order_id, customer_id) = (order.id, order.customer_id);
    let line =
        |sku: &str, pieces| Line { sku: sku.parse().unwrap(), quantity: Quantity::new(pieces).unwrap() };
    let lines = vec![line("TEA", 2), line("CUP", 1)];
    let amount = Money::new(3 * 1250, contracts::Currency::EUR).unwrap();
    let reference = Some("web-4711".parse().unwrap());
    let contact = contact();
    match ask {
        Ask::ReserveCredit => {
            Request::Customers(customers::Command::ReserveCredit { customer_id, order_id, amount })
        }
        Ask::ReleaseCredit => Request::Customers(customers::Command::ReleaseCredit { customer_id, order_id }),
        Ask::SettleCredit => Request::Customers(customers::Command::SettleCredit { customer_id, order_id }),
        Ask::ReserveStock => Request::Warehouse(warehouse::Command::ReserveStock { order_id, lines }),
        Ask::ReleaseStock => Request::Warehouse(warehouse::Command::ReleaseStock { order_id, lines }),
        Ask::TakeStockOut => Request::Warehouse(warehouse::Command::TakeStockOut { order_id, lines }),
        Ask::Ship => {
            let address = contact.address;
            Request::Shipping(shipping::Command::RequestShipment { order_id, reference, address, lines })
        }
        Ask::CallOff => Request::Shipping(shipping::Command::CallOff { order_id }),
        Ask::Bill => {
            let bill_to = BillTo { name: contact.name, email: contact.email };
            let issue = billing::Command::IssueInvoice { order_id, customer_id, reference, amount, bill_to };
            Request::Billing(issue)
        }
    }
}

async fn each_participant_is_asked_at_its_address(world: World) {
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    let cancelled = world.placed().await;
    world.until_in(&cancelled, OrderStatus::Cancelled).await;
    world.peers.answer(Ask::Ship, Ask::Ship.usual());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Completed).await;
    for asked in world.peers.all_asked() {
        let (method, path, kind) = address(Ask::of(&asked.request));
        let expected = match world.style {
            Style::Rest => format!("{method} {}", path.replace("{id}", &asked.order.to_string())),
            _ => kind.to_owned(),
        };
        assert_eq!(asked.address, expected);
    }
}

const fn address(ask: Ask) -> (Method, &'static str, &'static str) {
    const RESERVATION: &str = "/internal/reservations/{id}";
    const SHIPMENT: &str = "/internal/shipments/{id}";
    match ask {
        Ask::ReserveCredit => (Method::PUT, RESERVATION, "customers.command"),
        Ask::ReleaseCredit => (Method::DELETE, RESERVATION, "customers.command"),
        Ask::SettleCredit => (Method::POST, "/internal/reservations/{id}/settlement", "customers.command"),
        Ask::ReserveStock => (Method::PUT, RESERVATION, "warehouse.command"),
        Ask::ReleaseStock => (Method::DELETE, RESERVATION, "warehouse.command"),
        Ask::TakeStockOut => (Method::POST, "/internal/reservations/{id}/departure", "warehouse.command"),
        Ask::Ship => (Method::PUT, SHIPMENT, "shipping.command"),
        Ask::CallOff => (Method::DELETE, SHIPMENT, "shipping.command"),
        Ask::Bill => (Method::PUT, "/internal/invoices/{id}", "billing.command"),
    }
}

async fn participants_are_asked_in_the_trace_of_the_request_that_placed_the_order(world: World) {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let order = world.create(&[("TEA", 2)]).await;
    let place = with(world.place(&order), "traceparent", &format!("00-{TRACE}-b7ad6b7169203331-01"));
    let response = world.send(place).await;
    assert_eq!(response.headers["x-trace-id"], TRACE);
    world.until_in(&order, OrderStatus::Completed).await;
    for asked in world.peers.all_asked() {
        let trace = asked.traceparent.as_deref().and_then(|parent| parent.split('-').nth(1));
        assert_eq!(trace, Some(TRACE), "{:?}", asked.request);
    }
}

async fn the_price_of_a_line_is_never_asked_again(world: World) {
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Completed).await;
    assert_eq!(world.peers.quoted(), ["TEA".parse().unwrap()]);
}
