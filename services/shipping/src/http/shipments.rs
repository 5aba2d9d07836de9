//! Shipments.

use axum::extract::State;
use chassis::{
    extract::{Json, Path, Query},
    problem::Problem,
};
use contracts::{OrderId, page::Page, shipping::Shipment};
use database::{Database, Error};

use super::list;
use crate::store;

/// Lists shipments, the newest first.
#[utoipa::path(
    get,
    path = "/v1/shipments",
    tag = "shipments",
    params(list::Query),
    responses(
        (status = 200, description = "A page of shipments", body = Page<Shipment>),
        (status = 400, description = "The query is malformed", body = contracts::problem::Problem),
    ),
)]
pub(super) async fn list(
    State(db): State<Database>,
    Query(query): Query<list::Query>,
) -> Result<Json<Page<Shipment>>, Problem> {
    let (limit, before) = (query.limit()?, query.before()?);
    let shipments = db.read(async move |tx| match query.order_id {
        Some(order_id) => Ok::<_, Error>(Vec::from_iter(store::find(tx, order_id).await?)),
        None => store::newest(tx, before, limit + 1).await,
    });
    Ok(Json(list::page(shipments.await?, limit, |shipment| shipment.order_id)))
}

/// Shows the shipment of an order.
#[utoipa::path(
    get,
    path = "/v1/shipments/{order_id}",
    tag = "shipments",
    params(("order_id" = String, Path, format = Uuid, description = "The order's id")),
    responses(
        (status = 200, description = "The shipment", body = Shipment),
        (status = 404, description = "The order has none", body = contracts::problem::Problem),
    ),
)]
pub(super) async fn find(
    State(db): State<Database>,
    Path(order_id): Path<OrderId>,
) -> Result<Json<Shipment>, Problem> {
    let shipment = db.read(async move |tx| store::find(tx, order_id).await).await?;
    shipment.map(Json).ok_or_else(|| Problem::not_found("shipment"))
}
