//! The public API of customers, which the gateway forwards to as it is.

mod customers;
mod error;

use axum::{Router, routing::get};
use chassis::{idempotency::Idempotency, ids::Ids};
use database::Database;
use utoipa::OpenApi;

use crate::{application::Application, store::Store};

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct Api {
    /// What customers are asked.
    pub application: Application,
    /// Where they are kept.
    pub database: Database,
    /// Where many of them are looked at.
    pub store: Store,
    /// Which requests were answered before.
    pub idempotency: Idempotency,
    /// The ids of new customers.
    pub ids: Ids,
}

/// The routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/customers", get(customers::list).post(customers::register))
        .route("/v1/customers/{id}", get(customers::find).patch(customers::change_credit_limit))
        .route("/v1/customers/{id}/history", get(customers::history))
        .with_state(api)
}

/// The API's description; the gateway's is made of those of all services.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(paths(
    customers::register,
    customers::list,
    customers::find,
    customers::change_credit_limit,
    customers::history
))]
struct Document;
