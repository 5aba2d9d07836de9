//! Why a request was not done, as an answer.

use chassis::problem::Problem;

use crate::{application::Error, domain::Refusal};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refused(refusal),
            Error::Stale { current } => Problem::stale(current),
            Error::Store(error) => error.into(),
        }
    }
}

/// What is wrong, and what to do about it.
fn refused(refusal: Refusal) -> Problem {
    let detail = match refusal {
        Refusal::UnknownCustomer => return Problem::not_found("customer"),
        Refusal::AlreadyExists => "There is another customer with this id.",
        Refusal::CurrencyMismatch => {
            "Credit is reserved in another currency; wait until those orders are done, or keep the currency."
        }
        Refusal::LimitBelowReserved => {
            "More than this limit is reserved; choose a higher one, or wait until those orders are done."
        }
        Refusal::Released => "The credit of this order was released already.",
    };
    Problem::conflict(refusal.code(), detail)
}
