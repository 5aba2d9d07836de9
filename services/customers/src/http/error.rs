//! Why a request was not done, as an answer.

use chassis::problem::Problem;

use crate::{application::Error, domain::Refusal};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::UnknownCustomer) => Problem::not_found("customer"),
            Error::Refused(refusal) => Problem::conflict(refusal.code(), sentence(&refusal)),
            Error::Stale { current } => Problem::stale(current),
            Error::Store(error) => error.into(),
        }
    }
}

/// For a person: what is wrong, and what to do about it.
fn sentence(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownCustomer => "There is no such customer.",
        Refusal::AlreadyExists => "There is another customer with this id.",
        Refusal::InsufficientCredit => "The amount exceeds the credit that is left.",
        Refusal::CurrencyMismatch => {
            "Credit is reserved in another currency; wait until those orders are done, or keep the currency."
        }
        Refusal::LimitBelowReserved => {
            "More than this limit is reserved already; choose a higher one, or wait until those orders are done."
        }
        Refusal::Released => "The credit of this order was released already.",
    }
}
