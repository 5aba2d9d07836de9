//! The public API of shipments, which the gateway forwards to as it is.

mod error;
mod shipments;

use axum::{Router, routing::get};
use database::Database;
use utoipa::OpenApi;

use crate::store::Store;

/// The routes.
pub fn router(database: Database, store: Store) -> Router {
    Router::new()
        .route("/v1/shipments", get(shipments::list))
        .route("/v1/shipments/{order_id}", get(shipments::find))
        .with_state((database, store))
}

/// The API's description; the gateway's is made of those of all services.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(paths(shipments::list, shipments::find))]
struct Document;
