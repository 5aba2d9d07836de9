//! Services of any protocol, by `Ok` and `Err`.

use super::{Classify, Outcome, Report, Verdict};

/// `Ok` is a success; of an error its argument says what it is: a failure, unless something else is set.
#[derive(Clone, Copy, Debug)]
pub struct Results<E = EveryErrorFails>(pub E);

impl Default for Results {
    fn default() -> Self {
        Self(EveryErrorFails)
    }
}

/// What an error says of the server. Every `Fn(&Error) -> Outcome` does.
pub trait OfError<Error> {
    /// What came of a call that ended with this error.
    fn outcome(&self, error: &Error) -> Outcome;
}

/// Every error is a failure.
#[derive(Clone, Copy, Debug, Default)]
pub struct EveryErrorFails;

impl<Error> OfError<Error> for EveryErrorFails {
    fn outcome(&self, _: &Error) -> Outcome {
        Outcome::Failure
    }
}

impl<Error, F: Fn(&Error) -> Outcome> OfError<Error> for F {
    fn outcome(&self, error: &Error) -> Outcome {
        self(error)
    }
}

impl<Response, Error, E: OfError<Error>> Classify<Response, Error> for Results<E> {
    type Response<R: Report> = Response;

    fn known(&self, result: &Result<Response, Error>) -> Option<Verdict> {
        Some(Verdict::new(match result {
            Ok(_) => Outcome::Success,
            Err(error) => self.0.outcome(error),
        }))
    }

    fn classify<R: Report>(&self, result: Result<Response, Error>, report: R) -> Result<Response, Error> {
        if let Some(verdict) = <Self as Classify<Response, Error>>::known(self, &result) {
            report.tell(verdict);
        }
        result
    }
}
