//! How the service is reached by the others, and how it answers them: the only place where two styles differ.

pub mod messaging;
pub mod rest;

use ::messaging::{Answers, outbox};
use contracts::topics::{self, kinds};

/// What the service is called by the others.
pub const SOURCE: &str = "billing";

/// How orders are answered by messages, which leave through `outbox`.
#[must_use]
pub const fn answers(outbox: outbox::Handle) -> Answers {
    Answers::new(SOURCE, kinds::BILLING_REPLY, topics::ORDERING_REPLIES, outbox)
}
