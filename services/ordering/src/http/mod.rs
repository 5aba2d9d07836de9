//! Ordering's part of the public API.

mod answer;
mod early;
mod error;
mod events;
mod fields;
mod items;
mod lists;
mod orders;
mod transitions;
mod wait;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    routing::{get, post, put},
};
use chassis::{changes::Changes, idempotency::Idempotency, ids::Ids, shutdown::Drain};
use database::Database;
use utoipa::OpenApi;

use crate::{application::Application, catalogue::Catalogue, store::Store};

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// What can be done with orders.
    pub application: Arc<Application>,
    /// Where the price and the name of a product come from.
    pub catalogue: Arc<dyn Catalogue>,
    /// Ordering's database.
    pub database: Database,
    /// Where orders are looked at.
    pub store: Store,
    /// Requests repeated under a key.
    pub idempotency: Idempotency,
    /// Tells waiting clients.
    pub changes: Changes,
    /// Ids of new orders.
    pub ids: Ids,
    /// How long `place` and `cancel` wait for an outcome unless the client says.
    pub wait: Duration,
    /// By which those who wait and those who follow hear that the service stops.
    pub stopping: Drain,
}

/// The routes of ordering's part of the public API.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/orders", post(orders::create).get(lists::list))
        .route("/v1/orders/{id}", get(orders::show))
        .route("/v1/orders/{id}/items", post(items::add))
        .route("/v1/orders/{id}/items/{sku}", put(items::change).delete(items::remove))
        .route("/v1/orders/{id}/place", post(transitions::place))
        .route("/v1/orders/{id}/cancel", post(transitions::cancel))
        .route("/v1/orders/{id}/events", get(events::events))
        .route("/v1/orders/{id}/history", get(orders::history))
        .with_state(api)
}

/// What of the public API ordering serves, for the gateway's document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    paths(
        orders::create,
        orders::show,
        orders::history,
        lists::list,
        items::add,
        items::change,
        items::remove,
        transitions::place,
        transitions::cancel,
        events::events,
    ),
    components(schemas(contracts::ordering::StatusChange, contracts::problem::Problem))
)]
struct Document;
