//! `/v1/products/{sku}/corrections`.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    extract::{Fields, IfMatch, Json, Path, etag},
    idempotency::{Answer, Keyed},
    problem::{Problem, code},
};
use contracts::{
    Sku, Timestamp,
    problem::{self, FieldError},
    warehouse::{CorrectPrice, Correction},
};
use database::Transaction;

use super::Api;
use crate::{
    application::Correcting,
    corrections::{self, Error, MOST, foresee},
};

/// Corrects what a product cost in the past.
///
/// With `dry_run` it tells which lines of orders would have cost something else, and nothing changes. Without, it records
/// the correction, if `If-Match` is the `ETag` of a dry run that would say the same now. Orders and invoices never change.
#[utoipa::path(
    post, path = "/v1/products/{sku}/corrections", tag = "products", request_body = CorrectPrice,
    params(("sku" = Sku, Path), ("if-match" = Option<String>, Header)),
    responses(
        (status = 200, body = Correction, headers(("etag" = String))),
        (status = 404, body = problem::Problem),
        (status = 409, description = "`TOO_LONG_AGO`", body = problem::Problem),
        (status = 412, body = problem::Problem),
        (status = 422, body = problem::Problem),
        (status = 501, body = problem::Problem),
    )
)]
pub(super) async fn correct(
    State(api): State<Api>,
    Path(sku): Path<Sku>,
    IfMatch(seen): IfMatch,
    request: Keyed<CorrectPrice>,
) -> Result<Response, Problem> {
    let grid = api.store.past()?.clone();
    let correcting = correcting(sku, &request.body)?;
    let (foreseeing, of) = (correcting.clone(), grid.clone());
    let look = async move |tx: &mut Transaction| foresee(&of, tx, &foreseeing, MOST).await;
    if request.body.dry_run {
        let foreseen = api.database.read(look).await?.correction;
        return Ok(([etag(corrections::tag(&foreseen))], Json(foreseen)).into_response());
    }
    let Some(seen) = seen else {
        let detail = "`If-Match` is to be the `ETag` of the dry run whose answer is meant.";
        return Err(Problem::unprocessable("DRY_RUN_FIRST", detail));
    };
    // All that there is to read is read before the transaction, which others wait for. That it cannot be foreseen is found again
    // there, unless the request was answered before.
    let foreseen = api.database.read(look).await.ok();
    let application = api.application;
    let work = async move |tx: &mut Transaction| {
        let made = corrections::make(&application, &grid, tx, &correcting, seen, foreseen.as_ref()).await?;
        Ok::<_, Error>(Answer::json(StatusCode::OK, &made))
    };
    Ok(api.idempotency.run(&api.database, &request.key, work).await?.into_response())
}

fn correcting(sku: Sku, body: &CorrectPrice) -> Result<Correcting, Problem> {
    let mut fields = Fields::new();
    let unit_price = fields.money("unit_price", &body.unit_price);
    let effective_from = fields.check("effective_from", body.effective_from.parse::<Timestamp>());
    fields.all(|| Some(Correcting { sku, unit_price: unit_price?, effective_from: effective_from? }))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotKept => wrong("effective_from", "the product was not kept then"),
            Error::NotYet => wrong("effective_from", "an instant in the past"),
            Error::TooDear => {
                wrong("unit_price", "so much that a line would have cost more than can be counted")
            }
            Error::TooLongAgo => {
                let detail =
                    format!("More than {MOST} things happened since; correct it from a later time on.");
                Problem::conflict("TOO_LONG_AGO", detail)
            }
            Error::Changed => {
                let detail = "The correction means something else by now; look at a dry run and decide anew.";
                Problem::new(StatusCode::PRECONDITION_FAILED, code::PRECONDITION_FAILED, detail)
            }
            Error::Application(error) => error.into(),
        }
    }
}

fn wrong(field: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError { field: field.to_owned(), message: message.to_owned() }])
}
