//! The public API of invoices, which the gateway forwards to as it is.

mod error;
mod invoices;
mod pay;

use std::time::Duration;

use axum::{
    Router,
    routing::{get, post},
};
use chassis::{changes::Changes, idempotency::Idempotency};
use database::Database;
use utoipa::OpenApi;

use crate::{application::Application, store::Store};

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct Api {
    /// What invoices are asked.
    pub application: Application,
    /// Where they are kept.
    pub database: Database,
    /// Where they are looked at.
    pub store: Store,
    /// Which requests were answered before.
    pub idempotency: Idempotency,
    /// What tells of the results of attempts.
    pub changes: Changes,
    /// How long a client waits for such a result that does not say so itself.
    pub wait: Duration,
}

/// The routes.
pub fn router(api: Api) -> Router {
    let reading = Router::new()
        .route("/v1/invoices", get(invoices::list))
        .route("/v1/invoices/{id}", get(invoices::find))
        .with_state((api.database.clone(), api.store.clone()));
    let paying = Router::new().route("/v1/invoices/{id}/pay", post(pay::pay)).with_state(api);
    reading.merge(paying)
}

/// The API's description; the gateway's is made of those of all services.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(paths(invoices::list, invoices::find, pay::pay))]
struct Document;
