//! A durable queue of work in a service's own database.
//!
//! What has to be done outside of a transaction — a call to a participant, to a carrier, to a payment provider — is
//! written down in the transaction that decided on it, and is repeated until a later transaction says that it is
//! done. It therefore survives a crash at any moment, and may be done more than once: whoever is called has to
//! recognise a repetition.

mod backoff;
mod conclude;
mod observe;
mod span;
mod store;
mod verdict;
mod wake;
mod worker;

use std::time::Duration;

use database::Transaction;
use uuid::Uuid;

pub use backoff::Backoff;
pub use conclude::is_noted;
pub use observe::Observer;
pub use span::within_span;
pub use store::{SCHEMA, STATEMENTS, cancel, count};
pub use verdict::{Failure, Verdict};
pub use wake::Wake;
pub use worker::{Options, Outcome, Perform, Worker};

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which worker does it.
    pub kind: &'static str,
    /// What it is about: an order's id, say.
    pub subject: Uuid,
    /// Which of the things to be done about its subject it is.
    pub name: String,
    /// What the worker needs to know.
    pub payload: String,
    /// How often it failed.
    pub attempt: u32,
    /// How often it was found to be under way elsewhere.
    pub looks: u32,
}

impl Task {
    /// Something to be done that was not tried yet.
    pub fn new(
        kind: &'static str,
        subject: Uuid,
        name: impl Into<String>,
        payload: impl Into<String>,
    ) -> Self {
        Self { kind, subject, name: name.into(), payload: payload.into(), attempt: 0, looks: 0 }
    }
}

/// Has `task` done after `delay`, once the transaction is committed; in place of one of the same kind, subject and
/// name that is still to be done.
///
/// # Errors
/// If the store fails.
pub async fn schedule(
    tx: &mut Transaction,
    task: &Task,
    delay: Duration,
    wake: &Wake,
) -> Result<(), database::Error> {
    let due_at = tx.now().saturating_add(micros(delay));
    store::put(tx, task, due_at).await?;
    let (wake, task) = (wake.clone(), task.clone());
    tx.after_commit(move || if delay.is_zero() { wake.offer(task) } else { wake.look_in(delay) });
    Ok(())
}

/// A duration in the unit of the store.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
