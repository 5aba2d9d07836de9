//! The public API, as far as the runner uses it.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response, Sse, sse},
    routing::{get, patch, post, put},
};
use chassis::problem::Problem;
use contracts::{
    CustomerId, Money, OrderId, Quantity, Sku,
    billing::{Invoice, InvoiceStatus},
    customers::{ChangeCreditLimit, Customer, RegisterCustomer},
    ordering::{AddItem, Cancel, ChangeItem, CreateOrder, Order, OrderStatus, StatusChange, WaitingFor},
    raw::RawMoney,
    style::Style,
    timeline::{Timeline, Totals},
    warehouse::{AddProduct, ChangeProduct, Product, Restock},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{
    process::{self, is_outcome},
    world::{Kept, World},
};

/// Every style under its name, and the last one without, too.
pub(super) fn router(worlds: &[(Style, World)]) -> Router {
    let mut servers: Vec<Value> = worlds
        .iter()
        .map(|(style, _)| json!({ "url": format!("/{style}"), "description": format!("The style {style}") }))
        .collect();
    let mut router = Router::new();
    for (style, world) in worlds {
        router = router.nest(&format!("/{style}"), api(world.clone()));
    }
    if let Some((style, world)) = worlds.last() {
        servers.push(json!({ "url": "/", "description": format!("The style {style}") }));
        router = router.merge(api(world.clone()));
    }
    router.route("/openapi.json", get(async move || Json(json!({ "openapi": "3.1.0", "servers": servers }))))
}

fn api(world: World) -> Router {
    Router::new()
        .route("/v1/customers", post(register))
        .route("/v1/customers/{id}", patch(limit))
        .route("/v1/products", post(add_product))
        .route("/v1/products/{sku}", patch(price))
        .route("/v1/products/{sku}/restock", post(restock))
        .route("/v1/orders", post(create))
        .route("/v1/orders/{id}", get(show))
        .route("/v1/orders/{id}/items", post(add_item))
        .route("/v1/orders/{id}/items/{sku}", put(change_item).delete(remove_item))
        .route("/v1/orders/{id}/place", post(place))
        .route("/v1/orders/{id}/cancel", post(cancel))
        .route("/v1/orders/{id}/events", get(events))
        .route("/v1/orders/{id}/timeline", get(timeline))
        .route("/v1/invoices/{id}/pay", post(pay))
        .layer(axum::middleware::from_fn_with_state(world.clone(), now_and_then_busy))
        .with_state(world)
}

/// Answers 503 every so often: before anything is done, or after, when only the answer is lost.
async fn now_and_then_busy(
    State(world): State<World>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    world.stalled().await;
    let count = world.change(|state| {
        state.requests += 1;
        state.requests
    });
    let every = world.faults.busy_every;
    if every == 0 || !count.is_multiple_of(every) {
        return next.run(request).await;
    }
    if (count / every).is_multiple_of(2) {
        next.run(request).await;
    }
    Problem::unavailable("Come back.", std::time::Duration::from_secs(1)).into_response()
}

fn money(raw: &RawMoney) -> Money {
    Money::new(raw.amount, raw.currency.parse().unwrap()).unwrap()
}

fn key(headers: &HeaderMap) -> String {
    headers["idempotency-key"].to_str().unwrap().to_owned()
}

async fn register(
    State(world): State<World>,
    headers: HeaderMap,
    Json(body): Json<RegisterCustomer>,
) -> Response {
    let (at, fresh) = (world.now(), OrderId::new(world.platform.ids.next()));
    let customer = world.change(|state| {
        // One map serves all keys: ids are ids.
        let id = CustomerId::new(state.answers.entry(key(&headers)).or_insert(fresh).uuid());
        let (limit, address) = (money(&body.credit_limit), &body.address);
        let customer = Customer {
            id,
            name: body.name.parse().unwrap(),
            email: body.email.parse().unwrap(),
            address: contracts::Address {
                line1: address.line1.parse().unwrap(),
                postal_code: address.postal_code.parse().unwrap(),
                city: address.city.parse().unwrap(),
                country: address.country.parse().unwrap(),
            },
            credit_limit: limit,
            credit_reserved: Money::zero(limit.currency()),
            credit_available: limit,
            created_at: at,
            version: 1,
        };
        state.customers.entry(id).or_insert(customer).clone()
    });
    (StatusCode::CREATED, Json(customer)).into_response()
}

async fn limit(
    State(world): State<World>,
    Path(id): Path<CustomerId>,
    Json(body): Json<ChangeCreditLimit>,
) -> Result<Json<Customer>, Problem> {
    world.change(|state| {
        let customer = state.customers.get_mut(&id).ok_or_else(|| Problem::not_found("customer"))?;
        let limit = money(&body.credit_limit);
        if limit.amount() < customer.credit_reserved.amount() {
            return Err(Problem::unprocessable("LIMIT_BELOW_RESERVED", "More than that is reserved."));
        }
        customer.credit_limit = limit;
        state.reserve(id, |reserved| reserved);
        Ok(Json(state.customers[&id].clone()))
    })
}

async fn add_product(State(world): State<World>, Json(body): Json<AddProduct>) -> Response {
    let product = world.change(|state| {
        let sku: Sku = body.sku.parse().unwrap();
        let on_hand = body.on_hand.try_into().unwrap();
        let product = Product {
            sku: sku.clone(),
            name: body.name.parse().unwrap(),
            unit_price: money(&body.unit_price),
            received: on_hand,
            on_hand,
            reserved: 0.try_into().unwrap(),
            available: on_hand,
            version: 1,
        };
        state.products.entry(sku).or_insert(product).clone()
    });
    (StatusCode::CREATED, Json(product)).into_response()
}

async fn price(
    State(world): State<World>,
    Path(sku): Path<Sku>,
    Json(body): Json<ChangeProduct>,
) -> Json<Product> {
    Json(world.change(|state| {
        let product = state.products.get_mut(&sku).unwrap();
        product.unit_price = money(&body.unit_price.unwrap());
        product.clone()
    }))
}

async fn restock(
    State(world): State<World>,
    headers: HeaderMap,
    Path(sku): Path<Sku>,
    Json(body): Json<Restock>,
) -> Json<Product> {
    let fresh = OrderId::new(world.platform.ids.next());
    Json(world.change(|state| {
        let first = state.answers.insert(key(&headers), fresh).is_none();
        let product = state.products.get_mut(&sku).unwrap();
        if first {
            let quantity = Quantity::new(body.quantity).unwrap();
            product.received = product.received.plus(quantity).unwrap();
            product.on_hand = product.on_hand.plus(quantity).unwrap();
            product.available = product.available.plus(quantity).unwrap();
        }
        product.clone()
    }))
}

async fn create(
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

async fn add_item(
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

async fn change_item(
    State(world): State<World>,
    Path((id, sku)): Path<(OrderId, Sku)>,
    Json(body): Json<ChangeItem>,
) -> Json<Order> {
    set_item(&world, id, &sku, |_| Some(Quantity::new(body.quantity).unwrap()))
}

async fn remove_item(State(world): State<World>, Path((id, sku)): Path<(OrderId, Sku)>) -> Json<Order> {
    set_item(&world, id, &sku, |_| None)
}

async fn show(State(world): State<World>, Path(id): Path<OrderId>) -> Result<Json<Order>, Problem> {
    let mut state = world.state();
    let kept = state.orders.get_mut(&id).ok_or_else(|| Problem::not_found("order"))?;
    Ok(Json(shown(kept)))
}

/// That it was placed, and what it took in all.
async fn timeline(State(world): State<World>, Path(id): Path<OrderId>) -> Result<Json<Timeline>, Problem> {
    let placed = world.state().orders.get(&id).and_then(|kept| kept.order.placed_at);
    let at = placed.ok_or_else(|| Problem::not_found("order"))?;
    let event = json!({
        "id": "ordering-1", "at": at, "service": "ordering", "kind": "event", "name": "order.placed", "outcome": "PENDING"
    });
    let entries = vec![serde_json::from_value(event).unwrap()];
    let totals = Totals { messages: 2, calls: 10, bytes: 3000, commits: 21 };
    Ok(Json(Timeline { order_id: id, entries, totals, warnings: Vec::new() }))
}

async fn place(State(world): State<World>, headers: HeaderMap, Path(id): Path<OrderId>) -> Response {
    begin(&world, id);
    waited(&world, &headers, id, is_ended).await
}

async fn cancel(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<OrderId>,
) -> Result<Response, Problem> {
    let at = world.now();
    world.change(|state| state.kept(id).cancel(at))?;
    let decided = |kept: &Kept| kept.order.status.is_final() || kept.order.cancel == Some(Cancel::TooLate);
    Ok(waited(&world, &headers, id, decided).await)
}

async fn pay(State(world): State<World>, Path(id): Path<OrderId>) -> Result<Json<Invoice>, Problem> {
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
async fn events(State(world): State<World>, headers: HeaderMap, Path(id): Path<OrderId>) -> Response {
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
