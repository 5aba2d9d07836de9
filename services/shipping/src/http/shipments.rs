//! Shipments.

use axum::extract::State;
use chassis::{
    extract::{Json, Path, Query, Slice, page},
    problem::Problem,
};
use contracts::{OrderId, page::Page, shipping::Shipment};
use database::{Database, Error};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::store::Store;

/// Which shipments are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only the one of this order.
    #[param(value_type = Option<String>, format = Uuid)]
    order_id: Option<OrderId>,
}

/// Lists shipments, the newest first.
#[utoipa::path(
    get,
    path = "/v1/shipments",
    tag = "shipments",
    params(Which, Slice),
    responses(
        (status = 200, description = "A page of shipments", body = Page<Shipment>),
        (status = 400, description = "The query is malformed", body = contracts::problem::Problem),
    ),
)]
pub(super) async fn list(
    State((database, store)): State<(Database, Store)>,
    Query(which): Query<Which>,
    Query(slice): Query<Slice>,
) -> Result<Json<Page<Shipment>>, Problem> {
    let (limit, before) = (slice.limit()?, slice.after(|cursor| cursor.parse().ok())?);
    let shipments = database.read(async move |tx| match which.order_id {
        Some(order_id) => Ok::<_, Error>(Vec::from_iter(store.find(tx, order_id).await?)),
        None => store.newest(tx, before, limit + 1).await,
    });
    Ok(Json(page(shipments.await?, limit, |shipment| shipment.order_id.to_string())))
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
    State((database, store)): State<(Database, Store)>,
    Path(order_id): Path<OrderId>,
) -> Result<Json<Shipment>, Problem> {
    let shipment = database.read(async move |tx| store.find(tx, order_id).await).await?;
    shipment.map(Json).ok_or_else(|| Problem::not_found("shipment"))
}
