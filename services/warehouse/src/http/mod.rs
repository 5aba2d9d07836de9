//! The public API of products, which the gateway forwards to as it is.

mod corrections;
mod error;
mod products;

use axum::{
    Router,
    routing::{get, post},
};
use chassis::idempotency::Idempotency;
use database::Database;
use utoipa::OpenApi;

use crate::{application::Application, store::Store};

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct Api {
    /// What products are asked.
    pub application: Application,
    /// Where they are kept.
    pub database: Database,
    /// Where many of them are looked at.
    pub store: Store,
    /// Which requests were answered before.
    pub idempotency: Idempotency,
}

/// The routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/products", get(products::list).post(products::add))
        .route("/v1/products/{sku}", get(products::find).patch(products::alter))
        .route("/v1/products/{sku}/restock", post(products::restock))
        .route("/v1/products/{sku}/history", get(products::history))
        .route("/v1/products/{sku}/corrections", post(corrections::correct))
        .with_state(api)
}

/// The API's description; the gateway's is made of those of all services.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(paths(
    products::add,
    products::list,
    products::find,
    products::alter,
    products::restock,
    products::history,
    corrections::correct
))]
struct Document;
