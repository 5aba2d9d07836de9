//! Invoices.

use axum::extract::State;
use chassis::{
    extract::{Json, Path, Query, Slice, page},
    problem::Problem,
};
use contracts::{OrderId, billing::Invoice, page::Page};
use database::{Database, Error};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{store::Store, view};

/// Which invoices are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only the one of this order.
    #[param(value_type = Option<String>, format = Uuid)]
    order_id: Option<OrderId>,
}

/// Lists invoices, the newest first.
#[utoipa::path(
    get,
    path = "/v1/invoices",
    tag = "invoices",
    params(Which, Slice),
    responses(
        (status = 200, description = "A page of invoices", body = Page<Invoice>),
        (status = 400, description = "The query is malformed", body = contracts::problem::Problem),
    ),
)]
pub(super) async fn list(
    State((database, store)): State<(Database, Store)>,
    Query(which): Query<Which>,
    Query(slice): Query<Slice>,
) -> Result<Json<Page<Invoice>>, Problem> {
    let (limit, before) = (slice.limit()?, slice.after(|cursor| cursor.parse().ok())?);
    let invoices = database.read(async move |tx| match which.order_id {
        Some(order_id) => {
            Ok::<_, Error>(Vec::from_iter(store.find(tx, order_id).await?.map(|it| (order_id, it))))
        }
        None => store.newest(tx, before, limit + 1).await,
    });
    let invoices = invoices.await?.iter().filter_map(|(id, invoice)| view::of(*id, invoice)).collect();
    Ok(Json(page(invoices, limit, |invoice: &Invoice| invoice.id.to_string())))
}

/// Shows an invoice.
#[utoipa::path(
    get,
    path = "/v1/invoices/{id}",
    tag = "invoices",
    params(("id" = OrderId, Path, description = "Its id: that of its order")),
    responses(
        (status = 200, description = "The invoice", body = Invoice),
        (status = 404, description = "There is none", body = contracts::problem::Problem),
    ),
)]
pub(super) async fn find(
    State((database, store)): State<(Database, Store)>,
    Path(id): Path<OrderId>,
) -> Result<Json<Invoice>, Problem> {
    let invoice = database.read(async move |tx| store.find(tx, id).await).await?;
    let invoice = invoice.and_then(|invoice| view::of(id, &invoice));
    invoice.map(Json).ok_or_else(|| Problem::not_found("invoice"))
}
