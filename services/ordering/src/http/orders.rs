//! `POST /v1/orders` and `GET /v1/orders/{id}`.

use axum::{extract::State, http::StatusCode, response::IntoResponse, response::Response};
use chassis::{
    context::Context,
    extract::{Json, Path, Prefer, Query},
    idempotency::{Answered, Key, Keyed},
    problem::Problem,
    trace::about,
};
use choreography::ledger::past::{self, History, Past, look_back};
use contracts::{
    OrderId,
    ordering::{CreateOrder, Order},
};
use database::Transaction;

use super::{Api, answer, early, fields, wait};
use crate::{application::NewOrder, error::Error, view};

/// Begins an order; with `place: true` it is placed at once, and the answer is as that of `place`.
#[utoipa::path(
    post, path = "/v1/orders", tag = "orders", request_body = CreateOrder,
    params(("Idempotency-Key" = Option<String>, Header), ("Prefer" = Option<String>, Header, example = "wait=5")),
    responses(
        (status = 201, body = Order, description = "Begun: OPEN"),
        (status = 200, body = Order, description = "Placed, and its outcome"),
        (status = 202, body = Order, description = "Placed, and under way"),
        (status = 422, body = contracts::problem::Problem),
        (status = 503, body = contracts::problem::Problem),
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    prefer: Prefer,
    context: Context,
    request: Keyed<CreateOrder>,
) -> Result<Response, Problem> {
    let body = request.body;
    let wanted = fields::order(&body)?;
    let repeated = match context.idempotency_key {
        Some(_) => early::answer(&api, &context, &request.key, async |_| Ok(())).await?,
        None => None,
    };
    let answered = match repeated {
        Some(answered) => answered,
        None => begin(&api, &context, &request.key, wanted, body.place).await?,
    };
    if !body.place {
        return Ok(answered.into_response());
    }
    // The key may have come before: then the order is the one that was made then.
    let made: Order = answered.answer.parse().map_err(|error| chassis::problem::internal(&error))?;
    let order = wait::for_outcome(&api, made.id, prefer, &context).await?;
    Ok(answer::located(wait::answer(&order), made.id).into_response())
}

/// Makes the order, and places it if that is wanted too, at the prices of now.
async fn begin(
    api: &Api,
    context: &Context,
    key: &Key,
    wanted: fields::Wanted,
    place: bool,
) -> Result<Answered, Problem> {
    let field = |index| format!("items[{index}].sku");
    let priced = fields::quotes(&*api.catalogue, context, wanted.lines, field).await?;
    let id = OrderId::new(api.ids.next());
    about("order.id", &id);
    let key = key.clone().about("create", id.uuid());
    let (customer_id, reference, lines) = (wanted.customer_id, wanted.reference, priced.lines.clone());
    let new = NewOrder { id, customer_id, reference, lines };
    let (application, traceparent) = (api.application.clone(), context.trace.to_string());
    let work = async move |tx: &mut Transaction| -> Result<_, Error> {
        priced.note_calls(tx);
        let order = if place {
            application.create_and_place(tx, &new, Some(traceparent.clone())).await?
        } else {
            application.create(tx, &new).await?
        };
        Ok(answer::located(answer::order(StatusCode::CREATED, new.id, &order)?, new.id))
    };
    api.idempotency.run(&api.database, &key, work).await
}

/// One order.
#[utoipa::path(
    get, path = "/v1/orders/{id}", tag = "orders",
    params(("id" = OrderId, Path), ("include" = Option<String>, Query, description = "`shipment`, `invoice`, both, or nothing; both unless told"), Past),
    responses((status = 200, body = Order), (status = 404, body = contracts::problem::Problem))
)]
pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
    Query(past): Query<Past>,
) -> Result<Response, Problem> {
    about("order.id", &id);
    let found = match past.look()? {
        None => {
            let store = api.store;
            api.database.read(async move |tx| store.find(tx, id).await).await?
        }
        Some(look) => {
            let grid = api.store.past()?.clone();
            let read = async move |tx: &mut Transaction| look_back(&grid, tx, &id, look).await;
            view::of(id, &api.database.read::<_, database::Error, _>(read).await?)
        }
    };
    let order = found.ok_or_else(answer::unknown_order)?;
    Ok(answer::shown(StatusCode::OK, &order).into_response())
}

/// What happened to an order.
#[utoipa::path(
    get, path = "/v1/orders/{id}/history", tag = "orders", params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = History),
        (status = 404, body = contracts::problem::Problem),
        (status = 501, body = contracts::problem::Problem),
    )
)]
pub(super) async fn history(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
) -> Result<Json<History>, Problem> {
    about("order.id", &id);
    let grid = api.store.past()?.clone();
    let read = async move |tx: &mut Transaction| past::history(&grid, tx, &id).await;
    let found = api.database.read::<_, database::Error, _>(read).await?;
    found.map(Json).ok_or_else(answer::unknown_order)
}
