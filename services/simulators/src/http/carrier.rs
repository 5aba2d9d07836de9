//! The carrier's API.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use chassis::{context::Context, extract::Json, problem::Problem};
use contracts::outside::{
    carrier::{BOOKING_REFUSED, Booking, CreateBooking},
    simulators::{Entry, Outcome},
};

use super::call;
use crate::simulator::Simulator;

/// What the carrier calls itself.
const CARRIER: &str = "Hermes";

/// `POST /v1/bookings`.
pub fn routes(simulator: Simulator) -> Router {
    Router::new().route("/v1/bookings", post(create)).with_state(simulator)
}

async fn create(
    State(simulator): State<Simulator>,
    context: Context,
    Json(request): Json<CreateBooking>,
) -> Result<(StatusCode, Json<Booking>), Problem> {
    let call = call(&context, &request, request.reference.as_ref(), request.metadata, None)?;
    let entry = simulator.answer(call, &context).await?;
    match entry.result {
        Outcome::Accepted => Ok((StatusCode::CREATED, Json(booking(entry)))),
        Outcome::Refused | Outcome::Declined | Outcome::SoftDeclined => {
            Err(Problem::unprocessable(BOOKING_REFUSED, "No parcels are carried to this address."))
        }
    }
}

fn booking(entry: Entry) -> Booking {
    // A number that looks like one, and is unique because the entry's position is.
    let tracking_number = format!("HR{:010}", entry.position);
    Booking { booking_id: entry.id, carrier: CARRIER.to_owned(), tracking_number, booked_at: entry.at }
}
