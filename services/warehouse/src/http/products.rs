//! `/v1/products`.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::{
    cause::ByRequest,
    extract::{Fields, IfMatch, Json, Path, Query, Slice, etag, page},
    idempotency::{Answer, Answered, Keyed},
    problem::Problem,
};
use choreography::ledger::past::{self, History, Past, look_back};
use contracts::{
    Count, Quantity, Sku,
    page::Page,
    problem,
    warehouse::{AddProduct, ChangeProduct, Product, Restock},
};
use database::Transaction;

use super::Api;
use crate::{
    application::{Addition, Alteration, Error},
    view,
};

/// Adds a product.
#[utoipa::path(
    post, path = "/v1/products", tag = "products", request_body = AddProduct,
    responses(
        (status = 201, body = Product, headers(("location" = String), ("etag" = String))),
        (status = 409, description = "`ALREADY_EXISTS`", body = problem::Problem),
        (status = 422, body = problem::Problem),
    )
)]
pub(super) async fn add(State(api): State<Api>, request: Keyed<AddProduct>) -> Result<Answered, Problem> {
    let addition = addition(&request.body)?;
    let application = api.application;
    let work = async move |tx: &mut Transaction| {
        let product = application.add(tx, &addition).await?;
        let location = format!("/v1/products/{}", product.sku);
        let answer = Answer::json(StatusCode::CREATED, &product).header(header::LOCATION, location);
        Ok::<_, Error>(answer.with(etag(product.version)))
    };
    api.idempotency.run(&api.database, &request.key, work).await
}

/// Lists products by sku.
#[utoipa::path(
    get, path = "/v1/products", tag = "products", params(Slice),
    responses((status = 200, body = Page<Product>))
)]
pub(super) async fn list(
    State(api): State<Api>,
    Query(slice): Query<Slice>,
) -> Result<Json<Page<Product>>, Problem> {
    let limit = slice.limit()?;
    let after: Option<Sku> = slice.after(|cursor| cursor.parse().ok())?;
    let store = api.store;
    let found = api.database.read(async move |tx| store.list(tx, after.as_ref(), limit + 1).await).await?;
    Ok(Json(page(found, limit, |product| product.sku.to_string())))
}

/// Shows a product.
#[utoipa::path(
    get, path = "/v1/products/{sku}", tag = "products", params(("sku" = Sku, Path), Past),
    responses(
        (status = 200, body = Product, headers(("etag" = String))),
        (status = 404, body = problem::Problem),
        (status = 501, body = problem::Problem),
    )
)]
pub(super) async fn find(
    State(api): State<Api>,
    Path(sku): Path<Sku>,
    Query(past): Query<Past>,
) -> Result<Response, Problem> {
    let found = match past.look()? {
        None => {
            let application = api.application;
            api.database.read(async move |tx| application.find(tx, &sku).await).await?
        }
        Some(look) => {
            let (grid, of) = (api.store.past()?.clone(), sku.clone());
            let read = async move |tx: &mut Transaction| look_back(&grid, tx, &of, look).await;
            view::of(sku, &api.database.read::<_, database::Error, _>(read).await?)
        }
    };
    found.map(shown).ok_or_else(|| Problem::not_found("product"))
}

/// Changes what a product is called or what it costs.
#[utoipa::path(
    patch, path = "/v1/products/{sku}", tag = "products", request_body = ChangeProduct,
    params(("sku" = Sku, Path), ("if-match" = Option<String>, Header)),
    responses(
        (status = 200, body = Product, headers(("etag" = String))),
        (status = 404, body = problem::Problem),
        (status = 412, body = problem::Problem),
        (status = 422, body = problem::Problem),
    )
)]
pub(super) async fn alter(
    State(api): State<Api>,
    Path(sku): Path<Sku>,
    IfMatch(seen): IfMatch,
    ByRequest(cause): ByRequest,
    Json(body): Json<ChangeProduct>,
) -> Result<Response, Problem> {
    let alteration = alteration(&body)?;
    let application = api.application;
    let work = async move |tx: &mut Transaction| {
        journal::because(tx, &cause);
        application.alter(tx, &sku, seen, &alteration).await
    };
    let product = api.database.write(work).await?;
    Ok(shown(product))
}

/// Takes more of a product in.
#[utoipa::path(
    post, path = "/v1/products/{sku}/restock", tag = "products", request_body = Restock,
    params(("sku" = Sku, Path)),
    responses(
        (status = 200, body = Product, headers(("etag" = String))),
        (status = 404, body = problem::Problem),
        (status = 409, description = "`COUNT_TOO_LARGE`", body = problem::Problem),
        (status = 422, body = problem::Problem),
    )
)]
pub(super) async fn restock(
    State(api): State<Api>,
    Path(sku): Path<Sku>,
    request: Keyed<Restock>,
) -> Result<Answered, Problem> {
    let mut fields = Fields::new();
    let quantity = fields.check("quantity", Quantity::new(request.body.quantity));
    let quantity = fields.all(|| quantity)?;
    let application = api.application;
    let work = async move |tx: &mut Transaction| {
        let product = application.restock(tx, &sku, quantity).await?;
        Ok::<_, Error>(Answer::json(StatusCode::OK, &product).with(etag(product.version)))
    };
    api.idempotency.run(&api.database, &request.key, work).await
}

/// What happened to a product.
#[utoipa::path(
    get, path = "/v1/products/{sku}/history", tag = "products", params(("sku" = Sku, Path)),
    responses(
        (status = 200, body = History),
        (status = 404, body = problem::Problem),
        (status = 501, body = problem::Problem),
    )
)]
pub(super) async fn history(State(api): State<Api>, Path(sku): Path<Sku>) -> Result<Json<History>, Problem> {
    let grid = api.store.past()?.clone();
    let read = async move |tx: &mut Transaction| past::history(&grid, tx, &sku).await;
    let found = api.database.read::<_, database::Error, _>(read).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("product"))
}

fn shown(product: Product) -> Response {
    ([etag(product.version)], Json(product)).into_response()
}

fn addition(body: &AddProduct) -> Result<Addition, Problem> {
    let mut fields = Fields::new();
    let sku = fields.check("sku", body.sku.parse());
    let name = fields.check("name", body.name.parse());
    let unit_price = fields.money("unit_price", &body.unit_price);
    let on_hand = fields.check("on_hand", Count::new(body.on_hand));
    fields.all(|| Some(Addition { sku: sku?, name: name?, unit_price: unit_price?, on_hand: on_hand? }))
}

fn alteration(body: &ChangeProduct) -> Result<Alteration, Problem> {
    let mut fields = Fields::new();
    let name = body.name.as_ref().and_then(|name| fields.check("name", name.parse()));
    let unit_price = body.unit_price.as_ref().and_then(|price| fields.money("unit_price", price));
    if body.name.is_none() && body.unit_price.is_none() {
        fields.note(".", "at least one of `name` and `unit_price`");
    }
    fields.all(|| Some(Alteration { name, unit_price }))
}
