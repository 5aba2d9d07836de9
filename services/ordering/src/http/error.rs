//! What a client is told when something was not done: one `match`.

use std::time::Duration;

use axum::http::StatusCode;
use chassis::problem::{self, Problem};

use contracts::problem::FieldError;

use crate::{catalogue::Unavailable, domain::Refusal, error::Error};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Stale { current } => Self::stale(current),
            Error::Store(error) => error.into(),
            Error::Saga(saga::Error::Store(error)) => error.into(),
            Error::Saga(_) => problem::internal(&error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::UnknownOrder => return Self::not_found("order"),
            Refusal::UnknownLine => StatusCode::NOT_FOUND,
            Refusal::AlreadyExists
            | Refusal::OrderLocked
            | Refusal::EmptyOrder
            | Refusal::AlreadyDispatched
            | Refusal::OrderRejected => StatusCode::CONFLICT,
            Refusal::TooManyLines
            | Refusal::QuantityTooLarge
            | Refusal::CurrencyMismatch
            | Refusal::TotalTooLarge => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, refusal.code(), sentence(&refusal))
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        problem::unavailable(&error)
    }
}

/// A refusal as a sentence: errors are written without a capital and a full stop.
fn sentence(refusal: &Refusal) -> String {
    let text = refusal.to_string();
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

/// 422 with the fields that name products which are not kept, as far as is known from what is so `old`.
pub(super) fn unknown_products(fields: Vec<String>, old: Option<Duration>) -> Problem {
    let message = "there is no such product";
    let errors = fields.into_iter().map(|field| FieldError { field, message: message.to_owned() }).collect();
    let detail = match old {
        None => "The order names a product that the warehouse does not keep.".to_owned(),
        Some(age) => format!(
            "The order names a product that the warehouse has not told of; it was last heard {:.1} s ago.",
            age.as_secs_f64()
        ),
    };
    Problem::unprocessable("UNKNOWN_PRODUCT", detail).with_errors(errors)
}
