//! An order as an answer: its `ETag`, its `Location`, its body.

use aggregate::Versioned;
use axum::http::{StatusCode, header};
use chassis::{extract::etag, idempotency::Answer, problem::Problem};
use contracts::{OrderId, ordering};

use crate::{domain::Order, domain::Refusal, view};

/// An order that a transaction has made or changed, to be kept with its idempotency key.
pub(super) fn order(
    status: StatusCode,
    id: OrderId,
    order: &Versioned<Order>,
) -> Result<Answer, crate::error::Error> {
    let view = view::of(id, order).ok_or(Refusal::UnknownOrder)?;
    Ok(shown(status, &view))
}

/// An order that was read.
pub(super) fn shown(status: StatusCode, order: &ordering::Order) -> Answer {
    Answer::json(status, order).with(etag(order.version))
}

/// The same, of an order that is new.
pub(super) fn located(answer: Answer, id: OrderId) -> Answer {
    answer.header(header::LOCATION, format!("/v1/orders/{id}"))
}

pub(super) fn unknown_order() -> Problem {
    Refusal::UnknownOrder.into()
}
