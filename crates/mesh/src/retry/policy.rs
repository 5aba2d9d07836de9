//! What is retried, how often and when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy, budget,
    policy::{Problems, durations},
    replay::BODY_LIMIT,
};

/// What is retried, how often and when.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How many attempts there are at most, the first among them, 1 to 10. With 1 nothing is retried. Default: 3.
    pub attempts: u32,
    /// How long to wait before an attempt.
    pub backoff: Backoff,
    /// What a server asks for by `Retry-After` or push-back is waited for up to this, up to 1 h; if it is longer, there is no retry. Default: 10 s.
    #[serde(with = "durations")]
    pub retry_after_at_most: Duration,
    /// How many bytes of a body are kept for another attempt, up to 16 MiB. Default: 64 KiB.
    pub body_at_most: u64,
    /// Whether every call of this route can be made twice to the same effect as once, whatever its method is. Default: false.
    pub idempotent: bool,
    /// Whether calls that were throttled are retried. Default: true.
    pub throttled: bool,
    /// Which answers say that nothing was done, so that a call may be made again whatever it is. Default: none.
    pub unprocessed: Unprocessed,
    /// For a budget of its own; one that is [shared](super::Builder::new) has its own policy.
    pub budget: budget::Policy,
}

/// From nothing to `first` doubled once for each attempt, up to `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// 1 ms to 1 min. Default: 25 ms.
    #[serde(with = "durations")]
    pub first: Duration,
    /// From `first` to 1 min. Default: 250 ms.
    #[serde(with = "durations")]
    pub longest: Duration,
}

/// Answers by which a server says that it has done nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unprocessed {
    /// HTTP statuses, 400 to 599.
    pub statuses: Vec<u16>,
    /// gRPC codes, 1 to 16, such as 14, UNAVAILABLE. They count only in an answer without a body, as gRPC has it.
    pub grpc_codes: Vec<u8>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(25), longest: Duration::from_millis(250) }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Backoff::default(),
            retry_after_at_most: Duration::from_secs(10),
            body_at_most: 64 << 10,
            idempotent: false,
            throttled: true,
            unprocessed: Unprocessed::default(),
            budget: budget::Policy::default(),
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

impl Policy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by name.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check((1..=10).contains(&self.attempts), "attempts", "1 to 10");
        problems.within("backoff", |problems| self.backoff.check(problems));
        problems.check(self.retry_after_at_most <= 60 * MINUTE, "retry_after_at_most", "up to 1 h");
        problems.check(self.body_at_most <= BODY_LIMIT, "body_at_most", "up to 16 MiB");
        problems.within("unprocessed", |problems| self.unprocessed.check(problems));
        problems.within("budget", |problems| self.budget.check(problems));
    }
}

impl Backoff {
    fn check(&self, problems: &mut Problems) {
        problems.check((Duration::from_millis(1)..=MINUTE).contains(&self.first), "first", "1 ms to 1 min");
        problems.check((self.first..=MINUTE).contains(&self.longest), "longest", "`first` to 1 min");
    }

    /// How long to wait after so many attempts, of which `random` (0 to 1) chooses a part.
    pub(super) fn after(&self, attempts: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1).min(31)));
        doubled.min(self.longest).mul_f64(random)
    }
}

impl Unprocessed {
    fn check(&self, problems: &mut Problems) {
        let statuses = self.statuses.iter().all(|status| (400..=599).contains(status));
        problems.check(statuses, "statuses", "each 400 to 599");
        let codes = self.grpc_codes.iter().all(|code| (1..=16).contains(code));
        problems.check(codes, "grpc_codes", "each 1 to 16");
    }
}
