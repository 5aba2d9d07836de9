//! What becomes of tasks.

use std::{borrow::Cow, time::Duration};

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is struck out, or written anew, by a transaction that has committed.
    Settled,
    /// It is under way elsewhere: look again after this long, which counts as no failure. After ten such looks the worker
    /// takes longer and longer, up to 64 times as long.
    Again(Duration),
    /// It failed; again after the back-off. The reason is kept with the task.
    Failed(Failure),
}

/// Why a task failed, once for those outside and once for those who run the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the journal tells of it, and so whoever may see a timeline: no addresses of this system, nothing that quotes
    /// a value.
    pub told: Cow<'static, str>,
    /// All that is known, for the log, the trace and the task's `last_error`.
    pub why: String,
}

impl Failure {
    /// `why` it failed, of which those outside are `told` so much.
    pub fn new(told: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Self {
        Self { told: told.into(), why: why.into() }
    }

    /// Something failed within the service, a store for instance, which is nobody's business outside.
    pub fn internal(why: impl Into<String>) -> Self {
        Self::new("an internal failure", why)
    }
}

/// A reason that is known beforehand, and the same for everybody.
impl From<&'static str> for Failure {
    fn from(why: &'static str) -> Self {
        Self::new(why, why)
    }
}
