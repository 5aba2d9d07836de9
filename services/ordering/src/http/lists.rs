//! `GET /v1/orders`.

use axum::extract::State;
use chassis::{
    extract::{Fields, Query, page},
    problem::Problem,
};
use contracts::{
    OrderId,
    ordering::{Order, OrderStatus},
    page::Page,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use crate::store::Filter;

/// The longest page.
const MOST: u32 = 100;

/// Which orders, and how many at a time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Those of one customer.
    customer_id: Option<String>,
    /// Those in one status.
    status: Option<String>,
    /// Those with a line for one product.
    sku: Option<String>,
    /// Those placed after an instant.
    placed_after: Option<String>,
    /// How many at most: 1 to 100, 20 unless told.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Orders, newest first.
#[utoipa::path(
    get, path = "/v1/orders", tag = "orders", params(Wanted),
    responses((status = 200, body = Page<Order>), (status = 422, body = contracts::problem::Problem))
)]
pub(super) async fn list(
    State(api): State<Api>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<Page<Order>>, Problem> {
    let (filter, limit) = parse(&wanted)?;
    let store = api.store;
    let found = api.database.read(async move |tx| store.list(tx, &filter, limit + 1).await).await?;
    let Page { items, next } = page(found.orders, limit, |order| order.id.to_string());
    Ok(axum::Json(Page { items, next: next.or(found.looked.map(|id| id.to_string())) }))
}

fn parse(wanted: &Wanted) -> Result<(Filter, u32), Problem> {
    let mut fields = Fields::new();
    let limit = wanted.limit.unwrap_or(20);
    if !(1..=MOST).contains(&limit) {
        fields.note("limit", format!("a limit is from 1 to {MOST}"));
    }
    let filter = Filter {
        customer: wanted.customer_id.as_ref().and_then(|text| fields.check("customer_id", text.parse())),
        status: wanted.status.as_ref().and_then(|text| fields.check("status", status(text))),
        sku: wanted.sku.as_ref().and_then(|text| fields.check("sku", text.parse())),
        placed_after: wanted
            .placed_after
            .as_ref()
            .and_then(|text| fields.check("placed_after", text.parse())),
        before: wanted.cursor.as_ref().and_then(|text| fields.check("cursor", cursor(text))),
    };
    fields.all(|| Some((filter, limit)))
}

fn status(text: &str) -> Result<OrderStatus, &'static str> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|_| "a status is one of those of an order, such as COMPLETED")
}

fn cursor(text: &str) -> Result<OrderId, &'static str> {
    text.parse().map_err(|_| "a cursor is the `next` of the page before")
}
