//! The language of the payment provider.

use serde::{Deserialize, Serialize};

use super::Metadata;
use crate::{Currency, Reference, Timestamp, problem::Problem};

/// The code of a [`Declined`].
pub const CARD_DECLINED: &str = "CARD_DECLINED";

/// `POST /v1/charges`: take the money. The answer is 200 with a [`Charge`], or 402 with a [`Declined`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateCharge {
    /// Minor units, from 0.
    pub amount: i64,
    /// The currency that the amount counts.
    pub currency: Currency,
    /// What the client calls the order; printed on the statement.
    pub reference: Option<Reference>,
    /// What it is about.
    pub metadata: Metadata,
}

/// Money that was taken; `GET /v1/charges?order_id=` answers a page of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The provider's name of it.
    pub id: String,
    /// Minor units.
    pub amount: i64,
    /// The currency that the amount counts.
    pub currency: Currency,
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// What it is about.
    pub metadata: Metadata,
    /// When it was taken.
    pub created_at: Timestamp,
}

/// The money was not taken, and will not be under this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// The code is [`CARD_DECLINED`].
    #[serde(flatten)]
    pub problem: Problem,
    /// Whether it makes sense to ask again, under another key.
    pub decline_code: DeclineCode,
}

/// How the money was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineCode {
    /// Never ask again by yourself: the card was stolen, say.
    Hard,
    /// Asking again may help: there was not enough money, say.
    Soft,
}
