//! How a command ends: its exit code, and what it tells when it could not do its work.

use std::{error::Error, fmt, process::ExitCode};

use chassis::problem::chain;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did its work; an expected refusal is part of that.
    Done,
    /// The work failed: no outcome, another one than expected, an invariant broken.
    Failed,
    /// It was asked for something that makes no sense.
    Usage,
}

impl Exit {
    /// The number by which a script tells.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
        }
    }

    /// Done if `all_well`, failed otherwise.
    #[must_use]
    pub const fn done_if(all_well: bool) -> Self {
        if all_well { Self::Done } else { Self::Failed }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do its work, and what its user can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    what: String,
    advice: Option<String>,
}

impl Failure {
    /// The work failed.
    #[must_use]
    pub fn failed(what: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, what: what.into(), advice: None }
    }

    /// The command was asked for something that makes no sense.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::failed(what) }
    }

    /// The work failed for this reason, told with its causes.
    #[must_use]
    pub fn because(error: &dyn Error) -> Self {
        Self::failed(chain(error))
    }

    /// What to do about it.
    #[must_use]
    pub fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// How the process ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }
}

/// What went wrong, and on a line of its own what to do about it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, "\n  {advice}"))
    }
}
