//! `/v1/customers`.

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
    CustomerId, Money,
    customers::{ChangeCreditLimit, Customer, RegisterCustomer},
    page::Page,
    problem,
};
use database::Transaction;

use super::Api;
use crate::{
    application::{Error, Registration},
    view,
};

/// Registers a customer.
#[utoipa::path(
    post, path = "/v1/customers", tag = "customers", request_body = RegisterCustomer,
    responses(
        (status = 201, body = Customer, headers(("location" = String), ("etag" = String))),
        (status = 422, body = problem::Problem),
    )
)]
pub(super) async fn register(
    State(api): State<Api>,
    request: Keyed<RegisterCustomer>,
) -> Result<Answered, Problem> {
    let registration = registration(&request.body)?;
    let (application, id) = (api.application, CustomerId::new(api.ids.next()));
    let work = async move |tx: &mut Transaction| {
        let customer = application.register(tx, id, &registration).await?;
        let location = format!("/v1/customers/{id}");
        let answer = Answer::json(StatusCode::CREATED, &customer).header(header::LOCATION, location);
        Ok::<_, Error>(answer.with(etag(customer.version)))
    };
    api.idempotency.run(&api.database, &request.key, work).await
}

/// Lists customers in the order in which they registered.
#[utoipa::path(
    get, path = "/v1/customers", tag = "customers", params(Slice),
    responses((status = 200, body = Page<Customer>))
)]
pub(super) async fn list(
    State(api): State<Api>,
    Query(slice): Query<Slice>,
) -> Result<Json<Page<Customer>>, Problem> {
    let limit = slice.limit()?;
    let after: Option<CustomerId> = slice.after(|cursor| cursor.parse().ok())?;
    let store = api.store;
    let found = api.database.read(async move |tx| store.list(tx, after, limit + 1).await).await?;
    Ok(Json(page(found, limit, |customer| customer.id.uuid().simple().to_string())))
}

/// Shows a customer.
#[utoipa::path(
    get, path = "/v1/customers/{id}", tag = "customers", params(("id" = CustomerId, Path), Past),
    responses(
        (status = 200, body = Customer, headers(("etag" = String))),
        (status = 404, body = problem::Problem),
        (status = 501, body = problem::Problem),
    )
)]
pub(super) async fn find(
    State(api): State<Api>,
    Path(id): Path<CustomerId>,
    Query(past): Query<Past>,
) -> Result<Response, Problem> {
    let found = match past.look()? {
        None => {
            let application = api.application;
            api.database.read(async move |tx| application.find(tx, id).await).await?
        }
        Some(look) => {
            let (grid, of) = (api.store.past()?.clone(), id);
            let read = async move |tx: &mut Transaction| look_back(&grid, tx, &of, look).await;
            view::of(id, &api.database.read::<_, database::Error, _>(read).await?)
        }
    };
    found.map(shown).ok_or_else(|| Problem::not_found("customer"))
}

/// Changes how much a customer may owe.
#[utoipa::path(
    patch, path = "/v1/customers/{id}", tag = "customers", request_body = ChangeCreditLimit,
    params(("id" = CustomerId, Path), ("if-match" = Option<String>, Header)),
    responses(
        (status = 200, body = Customer, headers(("etag" = String))),
        (status = 404, body = problem::Problem),
        (status = 409, description = "`LIMIT_BELOW_RESERVED` or `CURRENCY_MISMATCH`", body = problem::Problem),
        (status = 412, body = problem::Problem),
        (status = 422, body = problem::Problem),
    )
)]
pub(super) async fn change_credit_limit(
    State(api): State<Api>,
    Path(id): Path<CustomerId>,
    IfMatch(seen): IfMatch,
    ByRequest(cause): ByRequest,
    Json(body): Json<ChangeCreditLimit>,
) -> Result<Response, Problem> {
    let limit = credit_limit(&body)?;
    let application = api.application;
    let work = async move |tx: &mut Transaction| {
        journal::because(tx, &cause);
        application.change_credit_limit(tx, id, seen, limit).await
    };
    let customer = api.database.write(work).await?;
    Ok(shown(customer))
}

/// What happened to a customer.
#[utoipa::path(
    get, path = "/v1/customers/{id}/history", tag = "customers", params(("id" = CustomerId, Path)),
    responses(
        (status = 200, body = History),
        (status = 404, body = problem::Problem),
        (status = 501, body = problem::Problem),
    )
)]
pub(super) async fn history(
    State(api): State<Api>,
    Path(id): Path<CustomerId>,
) -> Result<Json<History>, Problem> {
    let grid = api.store.past()?.clone();
    let read = async move |tx: &mut Transaction| past::history(&grid, tx, &id).await;
    let found = api.database.read::<_, database::Error, _>(read).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("customer"))
}

fn shown(customer: Customer) -> Response {
    ([etag(customer.version)], Json(customer)).into_response()
}

fn registration(body: &RegisterCustomer) -> Result<Registration, Problem> {
    let mut fields = Fields::new();
    let name = fields.check("name", body.name.parse());
    let email = fields.check("email", body.email.parse());
    let address = fields.address("address", &body.address);
    let credit_limit = fields.money("credit_limit", &body.credit_limit);
    fields.all(|| {
        Some(Registration { name: name?, email: email?, address: address?, credit_limit: credit_limit? })
    })
}

fn credit_limit(body: &ChangeCreditLimit) -> Result<Money, Problem> {
    let mut fields = Fields::new();
    let limit = fields.money("credit_limit", &body.credit_limit);
    fields.all(|| limit)
}
