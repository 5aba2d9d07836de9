//! What is of use for a while only, and is forgotten after that: answers to idempotency keys, the ids of messages that
//! were handled, tombstones, the logs of finished sagas.
//!
//! Whoever has such rows offers two functions on them, each answered by the end of an index: since when the oldest is
//! kept, and to forget some of those from before a time. A service lists them, each with how long its rows are kept, and
//! [`clean`] does the rest.
//!
//! ```
//! use chassis::{idempotency, metrics, platform::Platform, retention::{self, Kept, Retention}, service::Service};
//! use database::Database;
//!
//! fn start(
//!     service: &mut Service,
//!     platform: &Platform,
//!     database: &Database,
//!     retention: &Retention,
//! ) -> Result<(), metrics::Error> {
//!     let answers = Kept::new("answers", retention.idempotency, idempotency::oldest, idempotency::forget);
//!     retention::clean(service, platform, database, vec![answers])
//! }
//! ```
//!
//! **Invariant:** what is counted is kept for good. Only rows go whose counts and sums stand elsewhere.

use std::{fmt, str::FromStr, time::Duration};

use database::Database;

use crate::{config::Env, metrics, platform::Platform, service::Service};

mod cleaner;
mod kept;

pub use cleaner::{Cleaner, Outcome};
pub use kept::Kept;

/// No retention may be shorter. When a replica goes away another takes over within 10 s, and does again what the first
/// may have done: by then it must not be forgotten that it did.
pub const SHORTEST: Duration = Duration::from_secs(10);

/// What is kept for less than this is fit for tests only, since the retries of clients, the repairs of operators and
/// processes that start again may take longer.
pub const SAFE: Duration = Duration::from_secs(10 * 60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a service keeps what is of use for a while only; at least [`SHORTEST`] each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The answers to idempotency keys: how much later a client that sends a request again gets the first answer.
    pub idempotency: Duration,
    /// Which messages were handled, and which were discarded: how much later a message that is delivered again has no
    /// second effect.
    pub inbox: Duration,
    /// What became of an order's reservation or shipment that came to nothing: how much later an action that its undo
    /// overtook is still refused.
    pub tombstones: Duration,
    /// Sagas that are over: how much later one can see how far each step came.
    pub sagas: Duration,
    /// The journal: how much later one can see what was done about an order, step by step, and why. A saga's log is
    /// part of it.
    pub journal: Duration,
}

impl Default for Retention {
    /// Answers, sagas and the journal for a day, messages and tombstones for a week.
    fn default() -> Self {
        Self { inbox: 7 * DAY, tombstones: 7 * DAY, ..Self::all(DAY) }
    }
}

impl Retention {
    /// Everything for the same time.
    #[must_use]
    pub const fn all(keep: Duration) -> Self {
        Self { idempotency: keep, inbox: keep, tombstones: keep, sagas: keep, journal: keep }
    }

    /// From `RETAIN_IDEMPOTENCY_SECONDS`, `RETAIN_INBOX_SECONDS`, `RETAIN_TOMBSTONES_SECONDS`, `RETAIN_SAGAS_SECONDS` and
    /// `RETAIN_JOURNAL_SECONDS`. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let default = Self::default();
        let mut retain = |name, default| env.or(name, Seconds(default)).0;
        Self {
            idempotency: retain("RETAIN_IDEMPOTENCY_SECONDS", default.idempotency),
            inbox: retain("RETAIN_INBOX_SECONDS", default.inbox),
            tombstones: retain("RETAIN_TOMBSTONES_SECONDS", default.tombstones),
            sagas: retain("RETAIN_SAGAS_SECONDS", default.sagas),
            journal: retain("RETAIN_JOURNAL_SECONDS", default.journal),
        }
    }
}

/// Has the App forget what each of `kept` says that it keeps for a while, until the App stops, and shows
/// `forgotten_total` and `kept_oldest_seconds`. The schemas of the database include [`database::leases::SCHEMA`]: of
/// several replicas one forgets.
///
/// # Errors
/// The App forgets already.
pub fn clean(
    service: &mut Service,
    platform: &Platform,
    database: &Database,
    kept: Vec<Kept>,
) -> Result<(), metrics::Error> {
    let short: Vec<_> = kept.iter().filter(|kept| kept.keep() < SAFE).map(Kept::to_string).collect();
    if !short.is_empty() {
        tracing::warn!(
            "this is for tests: what comes again, or late, counts as new after it was kept for {}",
            short.join(", ")
        );
    }
    let holder = platform.instance.to_string();
    let cleaner = Cleaner::new(database.clone(), holder, kept, platform.random().fork());
    let cleaner = cleaner.counting(service.metrics())?;
    service.spawn("cleaner", |drain| cleaner.run(drain));
    Ok(())
}

/// A retention, as its variable says it.
struct Seconds(Duration);

/// A retention that cannot be.
#[derive(Debug)]
enum Unfit {
    NotANumber(std::num::ParseIntError),
    TooShort,
}

impl FromStr for Seconds {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let seconds = Duration::from_secs(text.parse().map_err(Unfit::NotANumber)?);
        if seconds < SHORTEST { Err(Unfit::TooShort) } else { Ok(Self(seconds)) }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(error) => error.fmt(f),
            Self::TooShort => write!(
                f,
                "must be at least {}: so late may something be done again by a replica that takes over, which by then must \
                 not be forgotten",
                SHORTEST.as_secs()
            ),
        }
    }
}

#[cfg(test)]
mod tests;
