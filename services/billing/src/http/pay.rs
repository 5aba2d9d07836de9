//! `pay`: one attempt at an invoice that was left unpaid, whose result the client waits for.

use std::time::Duration;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    changes::wait_until,
    context::Context,
    extract::{Json, Path},
    idempotency::{Answer, Keyed, NoBody},
    problem::{self, Problem, chain},
    trace::about,
};
use contracts::{OrderId, billing::Invoice};
use database::Transaction;
use tokio::time::Instant;

use super::Api;
use crate::{application::Error, domain::AttemptResult, view};

/// The code of the problem that the payment was refused.
const PAYMENT_REFUSED: &str = "PAYMENT_REFUSED";

/// What is left of the deadline for the answer's way back.
const MARGIN: Duration = Duration::from_millis(50);

/// Makes one attempt at an unpaid invoice.
#[utoipa::path(
    post,
    path = "/v1/invoices/{id}/pay",
    tag = "invoices",
    params(
        ("id" = OrderId, Path, description = "Its id: that of its order"),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses(
        (status = 200, description = "It is paid", body = Invoice),
        (status = 202, description = "The result is not known yet; the attempt goes on", body = Invoice),
        (status = 404, description = "There is no such invoice", body = contracts::problem::Problem),
        (status = 409, description = "NOTHING_DUE, PAYMENT_IN_PROGRESS", body = contracts::problem::Problem),
        (status = 422, description = "PAYMENT_REFUSED", body = contracts::problem::Problem),
        (status = 503, description = "No attempt was made", body = contracts::problem::Problem),
    ),
)]
pub(super) async fn pay(
    State(api): State<Api>,
    Path(id): Path<OrderId>,
    context: Context,
    request: Keyed<NoBody>,
) -> Result<Response, Problem> {
    about("order.id", &id);
    let application = api.application.clone();
    let key = request.key.about("pay", id.uuid());
    let cause = key.cause().clone();
    // What is kept under the key is which attempt it stands for; a repetition then waits for the same one.
    let started = api.idempotency.run(&api.database, &key, async move |tx: &mut Transaction| {
        let invoice = application.pay(tx, id, &cause).await?;
        Ok::<_, Error>(Answer::json(StatusCode::ACCEPTED, &invoice))
    });
    let started: Invoice = started.await?.answer.parse().map_err(|error| problem::internal(&error))?;
    let limit = context.remaining().map_or(api.wait, |left| api.wait.min(left.saturating_sub(MARGIN)));
    match api.result(id, started.attempts, Instant::now() + limit).await {
        Some((AttemptResult::Accepted, invoice)) => Ok(Json(invoice).into_response()),
        Some((AttemptResult::Declined, _)) => {
            let detail = "The payment was refused; the invoice stays unpaid, and can be paid another time.";
            Err(Problem::unprocessable(PAYMENT_REFUSED, detail))
        }
        None => Ok((StatusCode::ACCEPTED, Json(started)).into_response()),
    }
}

impl Api {
    /// What became of an attempt, and the invoice then; `None` if that is not known by the deadline.
    async fn result(&self, id: OrderId, attempt: u32, deadline: Instant) -> Option<(AttemptResult, Invoice)> {
        let look = || async {
            let store = self.store.clone();
            let invoice = self.database.read(async move |tx| store.find(tx, id).await).await?;
            Ok::<_, database::Error>(
                invoice.and_then(|invoice| invoice.state.result_of(attempt).zip(view::of(id, &invoice))),
            )
        };
        // The attempt is committed: from here on an error is no reason to tell the client that nothing was done.
        wait_until(&self.changes, id.uuid(), deadline, look).await.unwrap_or_else(|error| {
            tracing::warn!(reason = chain(&error), "cannot look for the result of a payment");
            None
        })
    }
}
