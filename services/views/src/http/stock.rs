//! `GET /v1/views/stock`.

use axum::extract::State;
use chassis::{
    extract::{Json, Query, Slice, page},
    problem::Problem,
};
use contracts::{Sku, page::Page, views::Stock};

use super::{
    Api,
    fresh::{Asked, Fresh, read},
};
use crate::store::lists;

/// How much there is of each product, and how much of it orders are about to want, by sku.
#[utoipa::path(
    get, path = "/v1/views/stock", tag = "views",
    params(Slice, ("at_least" = Option<String>, Query, description = "At least these versions: `products/{sku}@3`.")),
    responses(
        (status = 200, body = Page<Stock>, headers(("x-view-lag-events" = u64), ("x-view-lag-seconds" = f64))),
        (status = 501, body = contracts::problem::Problem),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    asked: Asked,
    Query(slice): Query<Slice>,
) -> Result<Fresh<Json<Page<Stock>>>, Problem> {
    let limit = slice.limit()?;
    let after: Option<Sku> = slice.after(|cursor| cursor.parse().ok())?;
    let found = read(&api, asked, async move |tx, generation| {
        lists::stock(tx, generation, after.as_ref(), limit + 1).await
    });
    Ok(found.await?.map(|found| Json(page(found, limit, |product| product.sku.to_string()))))
}
