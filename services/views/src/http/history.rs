//! `GET /v1/views/order-history`.

use axum::extract::State;
use chassis::{
    extract::{Fields, Json, Query, page},
    problem::Problem,
};
use contracts::{CustomerId, OrderId, page::Page, problem, views::OrderHistory};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Api,
    fresh::{Asked, Fresh, read},
    orders::cursor,
};
use crate::store::lists;

/// Whose orders, and how many at a time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The customer.
    customer_id: Option<String>,
    /// How many orders at most: 1 to 100, 20 unless told.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// At least these versions: `orders/{id}@5`, with commas between. The answer waits for them, and `x-view-at-least` says
    /// whether it has them.
    #[serde(rename = "at_least")]
    _at_least: Option<String>,
}

/// What a customer has ordered, newest first, and what it came to.
#[utoipa::path(
    get, path = "/v1/views/order-history", tag = "views", params(Wanted),
    responses(
        (status = 200, body = OrderHistory, headers(("x-view-lag-events" = u64), ("x-view-lag-seconds" = f64))),
        (status = 404, body = problem::Problem),
        (status = 422, body = problem::Problem),
        (status = 501, body = problem::Problem),
    )
)]
pub(super) async fn show(
    State(api): State<Api>,
    asked: Asked,
    Query(wanted): Query<Wanted>,
) -> Result<Fresh<Json<OrderHistory>>, Problem> {
    let (customer, before, limit) = parse(&wanted)?;
    let found = read(&api, asked, async move |tx, generation| {
        let known = lists::customer(tx, generation, customer).await?;
        let (orders, spent) = lists::ordered(tx, generation, customer).await?;
        let items = lists::history(tx, generation, customer, before, limit + 1).await?;
        Ok((known, orders, spent, items))
    });
    found.await?.or_problem(|(known, orders, spent, items)| {
        if known.is_none() && orders == 0 {
            return Err(Problem::not_found("customer"));
        }
        let Page { items, next } = page(items, limit, |order| order.order_id.to_string());
        let name = known.map(|customer| customer.name);
        Ok(Json(OrderHistory { customer_id: customer, name, orders, spent, items, next }))
    })
}

fn parse(wanted: &Wanted) -> Result<(CustomerId, Option<OrderId>, u32), Problem> {
    let mut fields = Fields::new();
    let limit = wanted.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        fields.note("limit", "a limit is from 1 to 100");
    }
    let customer = fields.check("customer_id", wanted.customer_id.as_deref().unwrap_or_default().parse());
    let before = wanted.cursor.as_ref().and_then(|text| fields.check("cursor", cursor(text)));
    fields.all(|| Some((customer?, before, limit)))
}
