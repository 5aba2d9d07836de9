//! Waiting for an order: for its outcome after `place`, for the decision after `cancel`.

use std::time::Duration;

use axum::http::StatusCode;
use chassis::{
    changes::wait_until, context::Context, extract::Prefer, idempotency::Answer, problem::Problem,
};
use contracts::{
    OrderId,
    ordering::{Cancel, Order, OrderStatus},
};

use super::{Api, answer};
use crate::book::settled;

/// What is left of the deadline for the answer's way back.
const MARGIN: Duration = Duration::from_millis(50);

/// The order at its outcome, or as it is when the wait is over.
pub(super) async fn for_outcome(
    api: &Api,
    id: OrderId,
    prefer: Prefer,
    context: &Context,
) -> Result<Order, Problem> {
    wait(api, id, prefer, context, is_outcome).await
}

/// The order once it is decided whether its cancellation came in time, or as it is when the wait is over.
pub(super) async fn for_decision(
    api: &Api,
    id: OrderId,
    prefer: Prefer,
    context: &Context,
) -> Result<Order, Problem> {
    wait(api, id, prefer, context, is_decided).await
}

async fn wait(
    api: &Api,
    id: OrderId,
    prefer: Prefer,
    context: &Context,
    enough: fn(&Order) -> bool,
) -> Result<Order, Problem> {
    let limit = prefer.wait.unwrap_or(api.wait);
    let limit = context.remaining().map_or(limit, |left| limit.min(left.saturating_sub(MARGIN)));
    let deadline = tokio::time::Instant::now() + limit;
    let look = async || {
        let store = api.store.clone();
        api.database.read(async move |tx| store.find(tx, id).await).await
    };
    let found = wait_until(&api.changes, settled(id), deadline, async || match look().await? {
        Some(order) if !enough(&order) => Ok::<_, database::Error>(None),
        found => Ok(Some(found)),
    });
    // Who waits while the service stops is told how it stands, and can ask again.
    let found = tokio::select! {
        biased;
        found = found => found?,
        () = api.stopping.requested() => None,
    };
    let latest = match found {
        Some(found) => found,
        None => look().await?,
    };
    latest.ok_or_else(answer::unknown_order)
}

/// 200 at the outcome, 202 on the way there.
pub(super) fn answer(order: &Order) -> Answer {
    answer::shown(if is_outcome(order) { StatusCode::OK } else { StatusCode::ACCEPTED }, order)
}

/// 200 once it is decided, 202 before.
pub(super) fn answer_to_cancel(order: &Order) -> Answer {
    answer::shown(if is_decided(order) { StatusCode::OK } else { StatusCode::ACCEPTED }, order)
}

/// A final status, or shipped with nothing more to wait for: its payment was refused.
fn is_outcome(order: &Order) -> bool {
    order.status.is_final() || (order.status == OrderStatus::Shipped && order.waiting_for.is_none())
}

fn is_decided(order: &Order) -> bool {
    order.status.is_final() || order.cancel == Some(Cancel::TooLate)
}
