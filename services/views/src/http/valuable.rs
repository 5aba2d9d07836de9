//! `GET /v1/views/recent-valuable-customers`.

use axum::extract::State;
use chassis::{
    extract::{Json, Query, page},
    problem::Problem,
};
use contracts::{
    page::Page,
    problem,
    views::{ValuableCustomer, ValuableCustomersQuery},
};

use super::{
    Api,
    fresh::{Asked, Fresh, read},
};
use crate::store::lists;

/// Customers who came lately and have ordered for a lot, those first who have ordered for most.
#[utoipa::path(
    get, path = "/v1/views/recent-valuable-customers", tag = "views",
    params(ValuableCustomersQuery, ("at_least" = Option<String>, Query, description = "At least these versions: `customers/{id}@2`.")),
    responses(
        (status = 200, body = Page<ValuableCustomer>, headers(("x-view-lag-events" = u64), ("x-view-lag-seconds" = f64))),
        (status = 422, body = problem::Problem),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    asked: Asked,
    Query(wanted): Query<ValuableCustomersQuery>,
) -> Result<Fresh<Json<Page<ValuableCustomer>>>, Problem> {
    let wanted = wanted.parse().map_err(Problem::invalid)?;
    let limit = wanted.limit;
    let found = read(&api, asked, async move |tx, generation| lists::valuable(tx, generation, &wanted).await);
    Ok(found.await?.map(|found| Json(page(found, limit, ValuableCustomer::cursor))))
}
