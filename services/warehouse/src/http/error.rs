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
        Refusal::UnknownProduct => return Problem::not_found("product"),
        Refusal::AlreadyExists => {
            "There is a product with this sku already; change it, or choose another sku."
        }
        Refusal::Released => "The stock of this order was released already.",
        Refusal::CountTooLarge => "More would have come in than can be counted; take fewer in.",
    };
    Problem::conflict(refusal.code(), detail)
}
