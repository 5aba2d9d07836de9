//! The public API of shipments.

mod error;
mod list;
mod shipments;

use axum::{Router, routing::get};
use database::Database;
use utoipa::OpenApi;

/// The routes, which read from `db`.
pub fn router(db: Database) -> Router {
    Router::new()
        .route("/v1/shipments", get(shipments::list))
        .route("/v1/shipments/{order_id}", get(shipments::find))
        .with_state(db)
}

/// What the routes take and answer; the gateway merges it with the other services'.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(shipments::list, shipments::find))]
    struct Api;
    Api::openapi()
}
