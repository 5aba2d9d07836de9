//! The mail service's API.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use chassis::{context::Context, extract::Json, problem::Problem};
use contracts::outside::mail::{Message, SendMessage};

use super::call;
use crate::simulator::Simulator;

/// `POST /v1/messages`.
pub fn routes(simulator: Simulator) -> Router {
    Router::new().route("/v1/messages", post(send)).with_state(simulator)
}

/// The message itself is read and forgotten: who wrote to whom is nobody's business here.
async fn send(
    State(simulator): State<Simulator>,
    context: Context,
    Json(request): Json<SendMessage>,
) -> Result<(StatusCode, Json<Message>), Problem> {
    let call = call(&context, &request, request.reference.as_ref(), request.metadata, None)?;
    let entry = simulator.answer(call, &context).await?;
    Ok((StatusCode::ACCEPTED, Json(Message { id: entry.id, accepted_at: entry.at })))
}
