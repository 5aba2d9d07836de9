//! The languages of the systems outside: the payment provider, the carrier and the mail service, and of the simulators
//! that stand in for them.
//!
//! All three are asked with an `Idempotency-Key`, and give the same answer to the same key for ever; the same key with
//! another body is a problem. A problem is RFC 9457, and its `code` alone says what it means: only
//! [`payment::CARD_DECLINED`] and [`carrier::BOOKING_REFUSED`] are answers, kept under the key like a success. After any
//! other, and after no answer at all, the result is unknown until the same key is asked again.

pub mod carrier;
pub mod mail;
pub mod payment;
pub mod simulators;

use serde::{Deserialize, Serialize};

use crate::OrderId;

/// What a caller attaches to a request so that the two ledgers can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The order that it is about.
    pub order_id: OrderId,
}
