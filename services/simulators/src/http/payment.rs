//! The payment provider's API.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use chassis::{
    context::Context,
    extract::{Fields, Json, Query},
    problem::Problem,
};
use contracts::{
    Money, OrderId,
    outside::{
        Metadata,
        payment::{CARD_DECLINED, Charge, CreateCharge, DeclineCode, Declined},
        simulators::{Entry, Outcome},
    },
    page::Page,
    problem::MEDIA_TYPE,
};
use serde::Deserialize;

use super::call;
use crate::simulator::Simulator;

/// The most charges of an order that are listed: far more than anybody makes.
const LISTED: u64 = 100;

/// `POST` and `GET /v1/charges`.
pub fn routes(simulator: Simulator) -> Router {
    Router::new().route("/v1/charges", post(create).get(list)).with_state(simulator)
}

async fn create(
    State(simulator): State<Simulator>,
    context: Context,
    Json(request): Json<CreateCharge>,
) -> Result<Response, Problem> {
    let amount = amount(&request)?;
    let call = call(&context, &request, request.reference.as_ref(), request.metadata, Some(amount))?;
    let entry = simulator.answer(call, &context).await?;
    Ok(match entry.result {
        Outcome::Accepted => Json(charge(entry, amount)).into_response(),
        Outcome::SoftDeclined => declined(DeclineCode::Soft, "there is not enough money on it"),
        Outcome::Declined | Outcome::Refused => declined(DeclineCode::Hard, "it was reported stolen"),
    })
}

#[derive(Deserialize)]
struct Filter {
    order_id: OrderId,
}

async fn list(
    State(simulator): State<Simulator>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<Charge>>, Problem> {
    let entries = simulator.of_order(filter.order_id, LISTED).await?;
    let captured = entries.into_iter().filter(|entry| entry.result == Outcome::Accepted);
    let charges = captured.filter_map(|entry| entry.amount.map(|amount| charge(entry, amount)));
    Ok(Json(Page { items: charges.collect(), next: None }))
}

fn amount(request: &CreateCharge) -> Result<Money, Problem> {
    let mut fields = Fields::new();
    let amount = fields.check("amount", Money::new(request.amount, request.currency));
    fields.all(|| amount)
}

fn charge(entry: Entry, amount: Money) -> Charge {
    Charge {
        id: entry.id,
        amount: amount.amount(),
        currency: amount.currency(),
        reference: entry.reference,
        metadata: Metadata { order_id: entry.order_id },
        created_at: entry.at,
    }
}

fn declined(decline_code: DeclineCode, why: &str) -> Response {
    let status = StatusCode::PAYMENT_REQUIRED;
    let problem = Problem::new(status, CARD_DECLINED, format!("The card was declined: {why}.")).body();
    let body = Json(Declined { problem, decline_code });
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
}
