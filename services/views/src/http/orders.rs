//! `GET /v1/orders`: what ordering answers where there are no views, from the documents as they are kept.

use axum::extract::State;
use chassis::{
    extract::{Fields, Json, Query, page},
    problem::Problem,
};
use contracts::{OrderId, ordering::OrderStatus, page::Page};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Api,
    fresh::{Asked, Fresh, read},
};
use crate::store::lists::{self, Filter};

/// The longest page.
const MOST: u32 = 100;

/// Which orders, and how many at a time.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    customer_id: Option<String>,
    status: Option<String>,
    sku: Option<String>,
    placed_after: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Orders, newest first.
pub(super) async fn list(
    State(api): State<Api>,
    asked: Asked,
    Query(wanted): Query<Wanted>,
) -> Result<Fresh<Json<Page<Box<RawValue>>>>, Problem> {
    let (filter, limit) = parse(&wanted)?;
    let found = read(&api, asked, async move |tx, generation| {
        lists::orders(tx, generation, &filter, limit + 1).await
    });
    Ok(found.await?.map(|found| {
        let Page { items, next } = page(found, limit, |order| order.id.to_string());
        Json(Page { items: items.into_iter().map(|order| order.document).collect(), next })
    }))
}

fn parse(wanted: &Wanted) -> Result<(Filter, u32), Problem> {
    let mut fields = Fields::new();
    let limit = wanted.limit.unwrap_or(20);
    if !(1..=MOST).contains(&limit) {
        fields.note("limit", format!("a limit is from 1 to {MOST}"));
    }
    let placed_after = wanted.placed_after.as_ref();
    let filter = Filter {
        customer: wanted.customer_id.as_ref().and_then(|text| fields.check("customer_id", text.parse())),
        status: wanted.status.as_ref().and_then(|text| fields.check("status", status(text))),
        sku: wanted.sku.as_ref().and_then(|text| fields.check("sku", text.parse())),
        placed_after: placed_after.and_then(|text| fields.check("placed_after", text.parse())),
        before: wanted.cursor.as_ref().and_then(|text| fields.check("cursor", cursor(text))),
    };
    fields.all(|| Some((filter, limit)))
}

/// A status by its name on the wire.
pub(super) fn status(text: &str) -> Result<OrderStatus, &'static str> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|_| "a status is one of those of an order, such as COMPLETED")
}

pub(super) fn cursor(text: &str) -> Result<OrderId, &'static str> {
    text.parse().map_err(|_| "a cursor is the `next` of the page before")
}
