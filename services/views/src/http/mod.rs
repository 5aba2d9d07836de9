//! What the query side answers, through the gateway.

mod fresh;
mod history;
mod orders;
mod stock;
mod valuable;

use axum::{Router, routing::get};
use database::Database;
use utoipa::OpenApi;

use crate::{lag::Lag, projector::Projector};

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct Api {
    /// Where views are kept.
    pub database: Database,
    /// Who tells those that wait for a version.
    pub projector: Projector,
    /// How far the views are behind.
    pub lag: Lag,
}

/// The routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/orders", get(orders::list))
        .route("/v1/views/order-history", get(history::show))
        .route("/v1/views/stock", get(stock::list))
        .route("/v1/views/recent-valuable-customers", get(valuable::list))
        .with_state(api)
}

/// The API's description; the gateway's is made of those of all services. Ordering describes the list of orders.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(paths(history::show, stock::list, valuable::list))]
struct Document;
