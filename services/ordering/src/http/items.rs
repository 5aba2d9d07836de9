//! The lines of an order that is open.

use axum::{extract::State, http::StatusCode, response::IntoResponse, response::Response};
use chassis::{
    cause::ByRequest,
    context::Context,
    extract::{IfMatch, Json, Path},
    idempotency::{Answered, Keyed},
    problem::Problem,
    trace::about,
};
use contracts::{
    OrderId, Sku,
    ordering::{AddItem, ChangeItem, Order},
};
use database::Transaction;
use journal::because;

use super::{Api, answer, early, fields};
use crate::error::Error;

/// Adds so many of a product: to its line, or as a new one.
#[utoipa::path(
    post, path = "/v1/orders/{id}/items", tag = "orders", request_body = AddItem,
    params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = Order),
        (status = 404, body = contracts::problem::Problem),
        (status = 409, body = contracts::problem::Problem, description = "ORDER_LOCKED"),
        (status = 412, body = contracts::problem::Problem),
        (status = 422, body = contracts::problem::Problem),
        (status = 503, body = contracts::problem::Problem),
    )
)]
pub(super) async fn add(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
    IfMatch(seen): IfMatch,
    context: Context,
    request: Keyed<AddItem>,
) -> Result<Answered, Problem> {
    about("order.id", &id);
    let line = fields::item(&request.body)?;
    let key = request.key.about("add_line", id.uuid());
    let application = api.application.clone();
    let check = async move |tx: &mut Transaction| application.expect_open(tx, id, seen).await;
    if let Some(answered) = early::answer(&api, &context, &key, check).await? {
        return Ok(answered);
    }
    let priced = fields::quotes(&*api.catalogue, &context, vec![line], |_| "sku".to_owned()).await?;
    let application = api.application.clone();
    let work = async move |tx: &mut Transaction| -> Result<_, Error> {
        application.expect(tx, id, seen).await?;
        priced.note_calls(tx);
        let mut order = None;
        for (quote, quantity) in &priced.lines {
            order = Some(application.add_line(tx, id, quote, *quantity).await?);
        }
        answer::order(StatusCode::OK, id, &order.unwrap_or_default())
    };
    api.idempotency.run(&api.database, &key, work).await
}

/// Has so many of a product that the order has.
#[utoipa::path(
    put, path = "/v1/orders/{id}/items/{sku}", tag = "orders", request_body = ChangeItem,
    params(("id" = OrderId, Path), ("sku" = Sku, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = Order),
        (status = 404, body = contracts::problem::Problem),
        (status = 409, body = contracts::problem::Problem, description = "ORDER_LOCKED"),
        (status = 412, body = contracts::problem::Problem),
        (status = 422, body = contracts::problem::Problem),
    )
)]
pub(super) async fn change(
    State(api): State<Api>,
    Path((id, sku)): Path<(OrderId, Sku)>,
    IfMatch(seen): IfMatch,
    ByRequest(cause): ByRequest,
    Json(body): Json<ChangeItem>,
) -> Result<Response, Problem> {
    about("order.id", &id);
    let quantity = fields::quantity(body.quantity)?;
    let cause = cause.about(id.uuid());
    let application = api.application.clone();
    let work = async move |tx: &mut Transaction| -> Result<_, Error> {
        because(tx, &cause);
        application.expect(tx, id, seen).await?;
        let order = application.change_line(tx, id, sku.clone(), quantity).await?;
        answer::order(StatusCode::OK, id, &order)
    };
    Ok(api.database.write(work).await.map_err(Problem::from)?.into_response())
}

/// Has none of a product.
#[utoipa::path(
    delete, path = "/v1/orders/{id}/items/{sku}", tag = "orders",
    params(("id" = OrderId, Path), ("sku" = Sku, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = Order),
        (status = 404, body = contracts::problem::Problem),
        (status = 409, body = contracts::problem::Problem, description = "ORDER_LOCKED"),
        (status = 412, body = contracts::problem::Problem),
    )
)]
pub(super) async fn remove(
    State(api): State<Api>,
    Path((id, sku)): Path<(OrderId, Sku)>,
    IfMatch(seen): IfMatch,
    ByRequest(cause): ByRequest,
) -> Result<Response, Problem> {
    about("order.id", &id);
    let cause = cause.about(id.uuid());
    let application = api.application.clone();
    let work = async move |tx: &mut Transaction| -> Result<_, Error> {
        because(tx, &cause);
        application.expect(tx, id, seen).await?;
        let order = application.remove_line(tx, id, sku.clone()).await?;
        answer::order(StatusCode::OK, id, &order)
    };
    Ok(api.database.write(work).await.map_err(Problem::from)?.into_response())
}
