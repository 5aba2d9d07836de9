//! One order as clients see it: from its owner, with its shipment and its invoice from theirs.
//!
//! The three are asked at once. An order is worth showing without its parts, so an owner that is away or slow costs a warning and
//! not the answer; without ordering there is nothing to show. The parts are read at times of their own: right after a change they
//! may be a moment ahead of the order, or behind it, and the `ETag` is the order's alone. In lists, and in the answers to
//! commands, orders come without parts: `shipment` and `invoice` are null.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::{
    context::Context,
    extract::{Path, Query},
    problem,
    trace::about,
};
use contracts::{OrderId, ordering::Warning};
use serde_json::value::RawValue;

use crate::{
    client::Client,
    forward::{ask, hand_back},
    routes::Owner,
    upstream::Upstream,
};

mod fields;
mod include;
mod part;

use fields::Fields;
use include::Asked;
use part::Part;

/// The longest order that is put together: 100 lines with long names are about 50 KiB.
const MAX_ORDER: usize = 1024 * 1024;

/// What is known of a part: itself, that there is none, or why nobody can say.
type Known = Result<Option<Box<RawValue>>, Warning>;

/// `GET /v1/orders/{id}`.
pub(crate) async fn show(
    State(upstream): State<Upstream>,
    Path(id): Path<OrderId>,
    Query(asked): Query<Asked>,
    Client(context): Client,
    mut request: Request,
) -> Result<Response, Response> {
    about("order.id", &id);
    let parts = asked.parts().map_err(IntoResponse::into_response)?;
    let deadline = context.deadline_within(upstream.timeout);
    // Of a HEAD the answer's length depends on its parts, too.
    *request.method_mut() = Method::GET;

    let (answer, parts) = tokio::join!(
        ask(&upstream, Owner::Ordering, &context, deadline, request),
        ask_for_all(&upstream, &context, &parts, id),
    );
    let answer = hand_back(&upstream, answer?, deadline);
    if parts.is_empty() || answer.status() != StatusCode::OK { Ok(answer) } else { with(answer, parts).await }
}

async fn ask_for_all(
    upstream: &Upstream,
    context: &Context,
    parts: &[Part],
    id: OrderId,
) -> Vec<(Part, Known)> {
    let asked = parts.iter().map(async |&part| (part, part.ask(upstream, context, id).await));
    futures_util::future::join_all(asked).await
}

/// The order with its parts, and its headers as they were.
async fn with(answer: Response, parts: Vec<(Part, Known)>) -> Result<Response, Response> {
    let (mut head, order) = answer.into_parts();
    let order =
        to_bytes(order, MAX_ORDER).await.map_err(|error| problem::unavailable(&error).into_response())?;
    let whole = compose(&order, parts).map_err(|error| problem::internal(&error).into_response())?;
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, Body::from(whole)))
}

fn compose(order: &[u8], parts: Vec<(Part, Known)>) -> serde_json::Result<Vec<u8>> {
    let mut order: Fields = serde_json::from_slice(order)?;
    let mut warnings: Vec<Warning> = order.get("warnings").map_or(Ok(Vec::new()), Fields::parse)?;
    for (part, known) in parts {
        match known {
            Ok(value) => order.set(part.name(), &value)?,
            Err(warning) => warnings.push(warning),
        }
    }
    order.set("warnings", &warnings)?;
    serde_json::to_vec(&order)
}
