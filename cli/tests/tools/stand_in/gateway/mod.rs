//! The public API, as far as the runner uses it.

mod orders;
mod owners;

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, patch, post, put},
};
use chassis::problem::Problem;
use contracts::{Money, raw::RawMoney, style::Style};
use serde_json::{Value, json};

use super::world::World;

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
        .route("/v1/customers", post(owners::register))
        .route("/v1/customers/{id}", patch(owners::limit))
        .route("/v1/products", post(owners::add_product))
        .route("/v1/products/{sku}", patch(owners::price))
        .route("/v1/products/{sku}/restock", post(owners::restock))
        .route("/v1/orders", post(orders::create))
        .route("/v1/orders/{id}", get(orders::show))
        .route("/v1/orders/{id}/items", post(orders::add_item))
        .route("/v1/orders/{id}/items/{sku}", put(orders::change_item).delete(orders::remove_item))
        .route("/v1/orders/{id}/place", post(orders::place))
        .route("/v1/orders/{id}/cancel", post(orders::cancel))
        .route("/v1/orders/{id}/events", get(orders::events))
        .route("/v1/orders/{id}/timeline", get(orders::timeline))
        .route("/v1/invoices/{id}/pay", post(orders::pay))
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
