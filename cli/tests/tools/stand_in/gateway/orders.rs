//! Orders, from the first line to the outcome.

use std::convert::Infallible;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response, Sse, sse},
};
use chassis::problem::Problem;
use contracts::{
    OrderId, Quantity, Sku,
    billing::{Invoice, InvoiceStatus},
    ordering::{AddItem, Cancel, ChangeItem, CreateOrder, Order, OrderStatus, StatusChange, WaitingFor},
    timeline::{Timeline, Totals},
};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{World, key};
use crate::stand_in::{
    process::{self, is_outcome},
    world::Kept,
};

pub(super) async fn create(
    State(world): State<World>,
    headers: HeaderMap,
    Json(body): Json<CreateOrder>,
) -> Result<Response, Problem> {
    let (at, fresh) = (world.now(), OrderId::new(world.platform.ids.next()));
    let order: Result<Order, Problem> = world.change(|state| {
        let id = *state.answers.entry(key(&headers)).or_insert(fresh);
        if let Some(kept) = state.orders.get(&id) {
            return Ok(kept.order.clone());
        }
        let order = Order {
            id,
            customer_id: body.customer_id.parse().unwrap(),
            reference: body.reference.as_ref().map(|reference| reference.parse().unwrap()),
            status: OrderStatus::Open,
            reason: None,
            waiting_for: None,
            cancel: None,
            items: vec![],
            total: None,
            ship_to: None,
            shipment: None,
            invoice: None,
            warnings: vec![],
            created_at: at,
            placed_at: None,
            finished_at: None,
            version: 0,
        };
        let mut kept = Kept { order, history: vec![], booking: false, invoice: None };
        kept.enter(OrderStatus::Open, None, at);
        for item in &body.items {
            let product = state.products.get(&item.sku.parse().unwrap());
            let product =
                product.ok_or_else(|| Problem::unprocessable("UNKNOWN_PRODUCT", "No such product."))?;
            kept.set_item(product, Some(Quantity::new(item.quantity).unwrap()));
        }
        let order = kept.order.clone();
        state.orders.insert(id, kept);
        Ok(order)
    });
    let order = order?;
    if !body.place {
        return Ok((StatusCode::CREATED, Json(order)).into_response());
    }
    begin(&world, order.id);
    Ok(waited(&world, &headers, order.id, is_ended).await)
}

/// Places an order, unless it was placed before.
fn begin(world: &World, id: OrderId) {
    let at = world.now();
    let first = world.change(|state| {
        let kept = state.kept(id);
        let first = kept.order.status == OrderStatus::Open;
        if first {
            kept.order.placed_at = Some(at);
            kept.enter(OrderStatus::Pending, None, at);
        }
        first
    });
    if first {
        world.platform.spawn(process::run(world.clone(), id));
    }
}

fn is_ended(kept: &Kept) -> bool {
    is_outcome(kept.order.status, kept.invoice.as_ref().map(|invoice| invoice.status))
}

/// Answers at the end of the wait that is preferred, or before if it is over by then.
async fn waited(world: &World, headers: &HeaderMap, id: OrderId, over: fn(&Kept) -> bool) -> Response {
    let wait = headers["prefer"].to_str().unwrap().strip_prefix("wait=").unwrap().parse().unwrap();
    let end = world.until(|state| over(state.kept(id)).then_some(()));
    let _ = tokio::time::timeout(std::time::Duration::from_secs(wait), end).await;
    let mut state = world.state();
    let kept = state.kept(id);
    let status = if over(kept) { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, Json(shown(kept))).into_response()
}

/// An order as clients see it: with its invoice, and what it waits for.
fn shown(kept: &Kept) -> Order {
    let waiting_for =
        (kept.order.status == OrderStatus::Shipped && !is_ended(kept)).then_some(WaitingFor::Payment);
    Order { invoice: kept.invoice.clone(), waiting_for, ..kept.order.clone() }
}

/// Sets a line of an open order.
fn set_item(
    world: &World,
    id: OrderId,
    sku: &Sku,
    quantity: impl FnOnce(&Order) -> Option<Quantity>,
) -> Json<Order> {
    Json(world.change(|state| {
        let product = state.products[sku].clone();
        let kept = state.kept(id);
        assert_eq!(kept.order.status, OrderStatus::Open);
        let quantity = quantity(&kept.order);
        kept.set_item(&product, quantity);
        kept.order.clone()
    }))
}

pub(super) async fn add_item(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<OrderId>,
    Json(body): Json<AddItem>,
) -> Json<Order> {
    let sku: Sku = body.sku.parse().unwrap();
    let first = world.change(|state| state.answers.insert(key(&headers), id).is_none());
    let more = Quantity::new(body.quantity).unwrap();
    set_item(&world, id, &sku, |order| {
        let now = order.items.iter().find(|item| item.sku == sku).map(|item| item.quantity);
        match now {
            Some(now) if first => now.plus(more),
            Some(now) => Some(now),
            None => Some(more),
        }
    })
}

pub(super) async fn change_item(
    State(world): State<World>,
    Path((id, sku)): Path<(OrderId, Sku)>,
    Json(body): Json<ChangeItem>,
) -> Json<Order> {
    set_item(&world, id, &sku, |_| Some(Quantity::new(body.quantity).unwrap()))
}

pub(super) async fn remove_item(
    State(world): State<World>,
    Path((id, sku)): Path<(OrderId, Sku)>,
) -> Json<Order> {
    set_item(&world, id, &sku, |_| None)
}

pub(super) async fn show(
    State(world): State<World>,
    Path(id): Path<OrderId>,
) -> Result<Json<Order>, Problem> {
    let mut state = world.state();
    let kept = state.orders.get_mut(&id).ok_or_else(|| Problem::not_found("order"))?;
    Ok(Json(shown(kept)))
}

/// That it was placed, and what it took in all.
pub(super) async fn timeline(
    State(world): State<World>,
    Path(id): Path<OrderId>,
) -> Result<Json<Timeline>, Problem> {
    let placed = world.state().orders.get(&id).and_then(|kept| kept.order.placed_at);
    let at = placed.ok_or_else(|| Problem::not_found("order"))?;
    let event = json!({
        "id": "ordering-1", "at": at, "service": "ordering", "kind": "event", "name": "order.placed", "outcome": "PENDING"
    });
    let entries = vec![serde_json::from_value(event).unwrap()];
    let totals = Totals { messages: 2, calls: 10, bytes: 3000, commits: 21 };
    Ok(Json(Timeline { order_id: id, entries, totals, warnings: Vec::new() }))
}

pub(super) async fn place(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<OrderId>,
) -> Response {
    begin(&world, id);
    waited(&world, &headers, id, is_ended).await
}

pub(super) async fn cancel(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<OrderId>,
) -> Result<Response, Problem> {
    let at = world.now();
    world.change(|state| state.kept(id).cancel(at))?;
    let decided = |kept: &Kept| kept.order.status.is_final() || kept.order.cancel == Some(Cancel::TooLate);
    Ok(waited(&world, &headers, id, decided).await)
}

pub(super) async fn pay(
    State(world): State<World>,
    Path(id): Path<OrderId>,
) -> Result<Json<Invoice>, Problem> {
    let (order, status) = {
        let mut state = world.state();
        let kept = state.orders.get_mut(&id).ok_or_else(|| Problem::not_found("invoice"))?;
        (kept.order.clone(), kept.invoice.as_ref().map(|invoice| invoice.status))
    };
    match status {
        Some(InvoiceStatus::Unpaid) => {
            process::charge(&world, &order).await;
            let invoice = world.state().kept(id).invoice.clone().unwrap();
            let paid = invoice.status == InvoiceStatus::Paid;
            if paid { Ok(Json(invoice)) } else { Err(Problem::unprocessable("PAYMENT_REFUSED", "No.")) }
        }
        Some(InvoiceStatus::Paid) => Err(Problem::conflict("NOTHING_DUE", "It is paid.")),
        Some(InvoiceStatus::Issued) => Err(Problem::conflict("PAYMENT_IN_PROGRESS", "Wait.")),
        None => Err(Problem::not_found("invoice")),
    }
}

/// The events from the one after `Last-Event-ID` on: their numbers are their ids.
pub(super) async fn events(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<OrderId>,
) -> Response {
    let last: usize =
        headers.get("last-event-id").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    {
        let mut state = world.state();
        let kept = state.kept(id);
        let over = is_outcome(kept.order.status, None) && last >= kept.history.len();
        if over {
            return StatusCode::NO_CONTENT.into_response();
        }
    }
    let cut = world.faults.cut_streams;
    let stream = stream::unfold(Some(last), move |next| {
        let world = world.clone();
        async move {
            let number = next?;
            let (change, outcome) = world.until(|state| state.kept(id).history.get(number).cloned()).await;
            let more = (!outcome && !cut).then_some(number + 1);
            Some((event(number + 1, &change, outcome), more))
        }
    });
    Sse::new(stream.map(Ok::<_, Infallible>)).into_response()
}

fn event(number: usize, change: &StatusChange, outcome: bool) -> sse::Event {
    let name = if outcome { "outcome" } else { "status" };
    sse::Event::default().id(number.to_string()).event(name).json_data(change).unwrap()
}
