//! Why a request was not done, as an answer.

use chassis::problem::Problem;

use crate::{application::Error, domain::Refusal};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::NotIssued) => Problem::not_found("invoice"),
            Error::Refused(refusal) => Problem::conflict(refusal.code(), sentence(refusal)),
            Error::Store(error) => error.into(),
        }
    }
}

/// For a person: what is wrong, and what to do about it.
fn sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotIssued => "There is no such invoice.",
        Refusal::NothingDue => "The invoice is paid.",
        Refusal::PaymentInProgress => {
            "The payment is being collected; wait until it is known whether that succeeds."
        }
    }
}
