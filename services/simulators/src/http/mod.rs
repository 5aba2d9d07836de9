//! The HTTP APIs: one of each system outside, and that of the runners who script them.

pub mod admin;
pub mod carrier;
pub mod mail;
pub mod payment;

use chassis::{
    context::{Context, IDEMPOTENCY_KEY},
    problem::{self, Problem},
};
use contracts::{Money, Reference, outside::Metadata};
use serde::Serialize;
use uuid::Uuid;

use crate::ledger::Call;

/// A request as the ledger sees it.
///
/// # Errors
/// 400 without an idempotency key: nothing outside is asked for without one.
fn call(
    context: &Context,
    body: &impl Serialize,
    reference: Option<&Reference>,
    metadata: Metadata,
    amount: Option<Money>,
) -> Result<Call, Problem> {
    let Some(key) = context.idempotency_key.clone() else {
        return Err(Problem::malformed(format!("`{IDEMPOTENCY_KEY}` must be given.")));
    };
    let body = serde_json::to_vec(body).map_err(|error| problem::internal(&error))?;
    Ok(Call {
        key,
        // Of what was understood, not of the bytes: the order of fields does not make another request.
        fingerprint: Uuid::new_v5(&Uuid::NAMESPACE_OID, &body),
        reference: reference.cloned(),
        order_id: metadata.order_id,
        amount,
    })
}
