//! `place` and `cancel`.

use axum::{extract::State, http::StatusCode, response::IntoResponse, response::Response};
use chassis::{
    context::Context,
    extract::{IfMatch, Path, Prefer},
    idempotency::{Answered, Keyed, NoBody},
    problem::Problem,
    trace::about,
};
use contracts::{OrderId, ordering::Order};
use database::Transaction;

use super::{Api, answer, wait};
use crate::error::Error;

/// Has an order shipped and billed.
#[utoipa::path(
    post, path = "/v1/orders/{id}/place", tag = "orders",
    params(
        ("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header),
        ("Prefer" = Option<String>, Header, example = "wait=5"),
    ),
    responses(
        (status = 200, body = Order, description = "Its outcome, REJECTED included"),
        (status = 202, body = Order, description = "Under way"),
        (status = 404, body = contracts::problem::Problem),
        (status = 409, body = contracts::problem::Problem, description = "ORDER_LOCKED, EMPTY_ORDER"),
        (status = 412, body = contracts::problem::Problem),
    )
)]
pub(super) async fn place(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
    IfMatch(seen): IfMatch,
    prefer: Prefer,
    context: Context,
    request: Keyed<NoBody>,
) -> Result<Response, Problem> {
    about("order.id", &id);
    let (application, traceparent) = (api.application.clone(), context.trace.to_string());
    let work = async move |tx: &mut Transaction| -> Result<_, Error> {
        application.expect(tx, id, seen).await?;
        let order = application.place(tx, id, Some(traceparent.clone())).await?;
        answer::order(StatusCode::ACCEPTED, id, &order)
    };
    let _: Answered =
        api.idempotency.run(&api.database, &request.key.about("place", id.uuid()), work).await?;
    let order = wait::for_outcome(&api, id, prefer, &context).await?;
    Ok(wait::answer(&order).into_response())
}

/// Has an order come to nothing, if there is still a way back.
#[utoipa::path(
    post, path = "/v1/orders/{id}/cancel", tag = "orders",
    params(
        ("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header),
        ("Prefer" = Option<String>, Header, example = "wait=5"),
    ),
    responses(
        (status = 200, body = Order, description = "CANCELLED, or `cancel` is TOO_LATE"),
        (status = 202, body = Order, description = "Not decided yet"),
        (status = 404, body = contracts::problem::Problem),
        (status = 409, body = contracts::problem::Problem, description = "ALREADY_DISPATCHED, ORDER_REJECTED"),
        (status = 412, body = contracts::problem::Problem),
    )
)]
pub(super) async fn cancel(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
    IfMatch(seen): IfMatch,
    prefer: Prefer,
    context: Context,
    request: Keyed<NoBody>,
) -> Result<Response, Problem> {
    about("order.id", &id);
    let application = api.application.clone();
    let work = async move |tx: &mut Transaction| -> Result<_, Error> {
        application.expect(tx, id, seen).await?;
        let order = application.cancel(tx, id).await?;
        answer::order(StatusCode::ACCEPTED, id, &order)
    };
    let _: Answered =
        api.idempotency.run(&api.database, &request.key.about("cancel", id.uuid()), work).await?;
    let order = wait::for_decision(&api, id, prefer, &context).await?;
    Ok(wait::answer_to_cancel(&order).into_response())
}
