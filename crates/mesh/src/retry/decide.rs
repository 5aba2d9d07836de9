//! Whether to try again: values in, a decision out.

use std::time::Duration;

use super::Policy;
use crate::classify::{Outcome, Verdict};

/// Why a call is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It failed.
    Failure,
    /// It was throttled.
    Throttled,
    /// The server has done nothing of it.
    Unprocessed,
}

/// Why a call that failed is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// The attempts are used up.
    Attempts,
    /// It may have been done, and is not safe to do twice.
    Unsafe,
    /// Its body is not kept.
    Body,
    /// The server asked never to be tried again, or for a longer pause than the policy allows.
    Pushback,
    /// The back-off would end past the caller's deadline.
    Deadline,
    /// The budget is used up.
    Budget,
    /// A layer further in did not make the call.
    Refused,
}

impl Reason {
    pub(super) const ALL: [Self; 3] = [Self::Failure, Self::Throttled, Self::Unprocessed];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Throttled => "throttled",
            Self::Unprocessed => "unprocessed",
        }
    }
}

impl Ended {
    pub(super) const ALL: [Self; 7] = [
        Self::Attempts,
        Self::Unsafe,
        Self::Body,
        Self::Pushback,
        Self::Deadline,
        Self::Budget,
        Self::Refused,
    ];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Unsafe => "unsafe",
            Self::Body => "body",
            Self::Pushback => "pushback",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::Refused => "refused",
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    pub(super) verdict: Option<Verdict>,
    pub(super) unprocessed: bool,
}

/// Of what call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// How many attempts there were.
    pub(super) attempts: u32,
    pub(super) is_idempotent: bool,
    /// Whether its body can be sent again.
    pub(super) is_kept: bool,
    /// How long its caller still waits.
    pub(super) time_left: Option<Duration>,
}

/// Why to try again, if that is of any use.
pub(super) fn reason(policy: &Policy, came: Came) -> Option<Reason> {
    match came.verdict.map(|verdict| verdict.outcome) {
        _ if came.unprocessed => Some(Reason::Unprocessed),
        Some(Outcome::Failure) => Some(Reason::Failure),
        Some(Outcome::Throttled) if policy.throttled => Some(Reason::Throttled),
        _ => None,
    }
}

/// How long to wait before the next attempt, if there may be one as far as the call is concerned.
pub(super) fn wait(policy: &Policy, asked: Asked, came: Came, random: f64) -> Result<Duration, Ended> {
    let pause = came.verdict.and_then(|verdict| verdict.retry_after).unwrap_or_default();
    if !asked.is_idempotent && !came.unprocessed {
        return Err(Ended::Unsafe);
    }
    if asked.attempts >= policy.attempts {
        return Err(Ended::Attempts);
    }
    if came.verdict.is_some_and(|verdict| verdict.never_again) || pause > policy.retry_after_at_most {
        return Err(Ended::Pushback);
    }
    if !asked.is_kept {
        return Err(Ended::Body);
    }
    let wait = pause + policy.backoff.after(asked.attempts, random);
    if asked.time_left.is_some_and(|left| wait >= left) { Err(Ended::Deadline) } else { Ok(wait) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_off_is_any_part_of_what_doubles_up_to_the_longest() {
        let backoff = Policy::default().backoff;
        let longest: Vec<_> =
            [1, 2, 3, 4, 5, u32::MAX].map(|made| backoff.after(made, 1.0).as_millis()).into();
        assert_eq!(longest, [25, 50, 100, 200, 250, 250]);
        assert_eq!(backoff.after(3, 0.0), Duration::ZERO);
        assert_eq!(backoff.after(3, 0.5).as_millis(), 50);
    }

    #[test]
    fn what_must_not_be_done_twice_is_told_before_anything_else() {
        let verdict = Some(Verdict::new(Outcome::Failure).never_again(true));
        let asked = Asked { attempts: 3, is_idempotent: false, is_kept: false, time_left: None };
        let came = Came { verdict, unprocessed: false };
        assert_eq!(wait(&Policy::default(), asked, came, 0.0), Err(Ended::Unsafe));
    }
}
