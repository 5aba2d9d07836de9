//! When a try has taken too long.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use super::handle::Shared;
use crate::{
    BoxError,
    deadline::{Deadline, Exceeded},
    lanes::Lane,
    until::{Limit, after},
};

/// A try took longer than its policy lets it. It was made; nobody knows what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    after: Duration,
    part: Part,
}

/// What of an answer was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// Its headers.
    Headers,
    /// The rest of it.
    Body,
}

impl Elapsed {
    /// How long the policy lets it take.
    #[must_use]
    pub const fn after(&self) -> Duration {
        self.after
    }

    /// What was waited for.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Headers => "no answer",
            Part::Body => "no whole answer",
        };
        write!(formatter, "{part} within {}", humantime::format_duration(self.after))
    }
}

impl std::error::Error for Elapsed {}

/// A try that ends with [`Elapsed`] when it has taken too long, or at the call's deadline with [`Exceeded`].
#[derive(Clone, Debug)]
pub struct ByTry {
    pub(super) part: Part,
    pub(super) by_grpc: bool,
    /// `None`: when it is first pending.
    pub(super) begun: Option<Instant>,
    pub(super) deadline: Option<Deadline>,
    pub(super) shared: Lane<Shared>,
}

impl ByTry {
    fn within(&self) -> Duration {
        let policy = &self.shared.policy;
        match self.part {
            Part::Headers => policy.headers,
            Part::Body => policy.whole.unwrap_or(policy.headers),
        }
    }
}

impl Limit for ByTry {
    fn at(&self) -> Instant {
        let own = after(self.begun.unwrap_or_else(Instant::now), self.within());
        self.deadline.map_or(own, |deadline| own.min(deadline.instant()))
    }

    fn of_body(self) -> Option<Self> {
        self.shared.policy.whole.is_some().then_some(Self { part: Part::Body, ..self })
    }

    fn over(&self) -> BoxError {
        let exceeded = self.deadline.is_some_and(Deadline::has_passed);
        self.shared.counts.count(self.part, exceeded);
        if exceeded {
            return Box::new(Exceeded::new());
        }
        Box::new(Elapsed { after: self.within(), part: self.part })
    }

    fn by_grpc(&self) -> bool {
        self.by_grpc
    }
}
