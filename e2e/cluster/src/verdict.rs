//! What a load has seen, beside what it should have.

use std::{fmt::Write, ops::Range};

use load::Request;
use rollout::Colour;

use crate::Failure;

/// A time in which a Service was served by one colour alone, as connections see it that were opened then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The Service.
    pub service: String,
    /// The colour of every answer.
    pub colour: Colour,
    /// When such a connection began to be opened, in the generator's microseconds.
    pub opened: Range<u64>,
}

/// All requests of a load.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Each of them, in the order in which they ended.
    pub requests: Vec<Request>,
    /// What was said of them while they were sent.
    pub served: Vec<Served>,
    /// How long after its time the latest request began, in microseconds.
    pub latest_start: u64,
}

impl Verdict {
    /// Those that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| request.failure.is_some())
    }

    /// Those that the wrong colour answered, on a connection that was opened when it did not serve any more.
    pub fn stale(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| {
            let wrong = |served: &&Served| {
                served.service == request.target
                    && served.opened.contains(&request.opened)
                    && request
                        .version
                        .as_deref()
                        .is_some_and(|version| !version.starts_with(served.colour.label()))
            };
            self.served.iter().any(|served| wrong(&served))
        })
    }

    /// That no request failed, and none was answered by the wrong colour.
    ///
    /// # Errors
    /// Which they are, in words.
    pub fn nothing_is_lost(&self) -> Result<(), Failure> {
        none("failed", self.failed(), self.requests.len())?;
        none("came from the wrong colour", self.stale(), self.requests.len())
    }

    /// That no request failed that began at this time or later.
    ///
    /// # Errors
    /// Which they are, in words.
    pub fn nothing_fails_from(&self, start: u64) -> Result<(), Failure> {
        let late = self.failed().filter(|request| request.start >= start);
        none(&format!("failed from {start} on"), late, self.requests.len())
    }
}

fn none<'a>(what: &str, found: impl Iterator<Item = &'a Request>, of: usize) -> Result<(), Failure> {
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} of {of} requests {what}:", found.len());
    for request in found.iter().take(20) {
        let _ = write!(text, "\n  {request:?}"); // writing to a string cannot fail
    }
    Err(text.into())
}

#[cfg(test)]
mod tests {
    use load::{Failure as Why, Mode};

    use super::*;

    fn request(opened: u64, version: Option<&str>, failure: Option<Why>) -> Request {
        Request {
            target: "shop".to_owned(),
            mode: Mode::Fresh,
            opened,
            start: opened + 5,
            end: opened + 9,
            status: version.map(|_| 200),
            version: version.map(str::to_owned),
            failure,
        }
    }

    fn verdict(requests: impl Into<Vec<Request>>) -> Verdict {
        let served = Served { service: "shop".to_owned(), colour: Colour::Green, opened: 100..200 };
        Verdict { requests: requests.into(), served: vec![served], latest_start: 0 }
    }

    #[test]
    fn answers_of_the_right_colour_lose_nothing() {
        let green = verdict([request(99, Some("blue-1"), None), request(100, Some("green-2"), None)]);
        assert!(green.nothing_is_lost().is_ok());
    }

    #[test]
    fn an_old_answer_counts_when_its_connection_was_opened_too_late() {
        let old = verdict([request(100, Some("blue-1"), None), request(200, Some("blue-1"), None)]);
        assert_eq!(old.stale().map(|request| request.opened).collect::<Vec<_>>(), [100]);
        assert!(old.nothing_is_lost().unwrap_err().to_string().contains("1 of 2 requests came from"));
    }

    #[test]
    fn a_failure_counts_and_is_told() {
        let failed = verdict([request(7, None, Some(Why::ResetBeforeFirstByte))]);
        assert!(failed.nothing_is_lost().unwrap_err().to_string().contains("ResetBeforeFirstByte"));
        assert!(failed.nothing_fails_from(12).is_err(), "it began at 12");
        assert!(failed.nothing_fails_from(13).is_ok());
    }
}
