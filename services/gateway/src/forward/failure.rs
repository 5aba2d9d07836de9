//! What a client is told when an owner has not answered.

use axum::http::{Method, StatusCode};
use chassis::{
    client::Error,
    problem::{Problem, chain, code},
};

use crate::routes::Owner;

/// 503: the owner may have done what it was asked, and nobody knows.
const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";

/// A request that its owner has not answered.
pub(super) struct Failure {
    pub(super) owner: Owner,
    pub(super) method: Method,
    /// Whether it has an idempotency key.
    pub(super) keyed: bool,
}

impl Failure {
    /// The connection was refused, or broke: 503.
    pub(super) fn no_answer(&self, error: &Error) -> Problem {
        tracing::warn!(owner = self.owner.name(), reason = chain(error), "no answer");
        match error {
            Error::TimedOut { .. } => self.late(),
            error if error.was_sent() && self.is_command() => self.unknown(),
            Error::Refused { source, .. } => {
                source.retry_in().map_or_else(|| self.away(), |wait| self.away().retry_after(wait))
            }
            _ => self.away(),
        }
    }

    /// The deadline has passed. Of a command that was sent nobody can say that it was not committed, which alone would be 504.
    pub(super) fn too_late(&self) -> Problem {
        tracing::warn!(owner = self.owner.name(), "no answer before the deadline");
        self.late()
    }

    fn late(&self) -> Problem {
        if self.is_command() { self.unknown() } else { Problem::deadline_exceeded() }
    }

    fn away(&self) -> Problem {
        let detail = format!("The {} service is away; nothing has changed. Try again.", self.owner.name());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, detail)
    }

    fn unknown(&self) -> Problem {
        let hint = if self.keyed {
            "Send it again with the same Idempotency-Key: it is done once only."
        } else if self.method == Method::POST {
            "Look before you send it again; with an Idempotency-Key it would be done once only."
        } else {
            "Read it to see, or send it again."
        };
        let detail = format!(
            "The answer of the {} service is lost; this may have been done. {hint}",
            self.owner.name()
        );
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, OUTCOME_UNKNOWN, detail)
    }

    fn is_command(&self) -> bool {
        !self.method.is_safe()
    }
}
