//! Why a request was not done, as an answer.

use chassis::problem::Problem;

use crate::{application::Error, domain::Refusal};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::UnknownProduct) => Problem::not_found("product"),
            Error::Refused(refusal) => Problem::conflict(refusal.code(), sentence(&refusal)),
            Error::Stale { current } => Problem::stale(current),
            Error::Store(error) => error.into(),
        }
    }
}

/// For a person: what is wrong, and what to do about it.
fn sentence(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownProduct => "There is no such product.",
        Refusal::AlreadyExists => {
            "There is a product with this sku already; change it, or choose another sku."
        }
        Refusal::OutOfStock => "There are not that many pieces left.",
        Refusal::Released => "The stock of this order was released already.",
        Refusal::CountTooLarge => "More would have come in than can be counted; take fewer in.",
    }
}
