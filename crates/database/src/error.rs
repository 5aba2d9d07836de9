//! What can go wrong, so that callers can tell the kinds apart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;

/// Why a store could not be opened or a transaction did not take place.
///
/// It can be cloned, since one failed commit is the failure of everybody in its group.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store cannot be opened.
    #[error("opening the store `{}`", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// The database file or its directory cannot be written.
    #[error("the store `{}` is read-only; the file and its directory must be writable", path.display())]
    ReadOnlyStore {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// The file is a database of another program.
    #[error("`{}` is a database of another program (application id {application_id:#x})", path.display())]
    Foreign {
        /// The database file.
        path: PathBuf,
        /// What the file's header says.
        application_id: i32,
    },
    /// A newer program has changed the store so that this one would misread it.
    #[error(
        "the store holds `{schema}` in a form that needs version {oldest_reader} of it or later, but this program \
         knows version {known}; start a newer program"
    )]
    TooNew {
        /// The component.
        schema: &'static str,
        /// The oldest version that may use the store.
        oldest_reader: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The program's own list of migrations is wrong.
    #[error("the migrations of `{schema}` must be numbered 1, 2, 3, … and its name be used once")]
    Misnumbered {
        /// The component.
        schema: &'static str,
    },
    /// A migration makes a constraint that is checked at the commit, which works of others share.
    #[error(
        "version {version} of `{schema}` has a DEFERRABLE constraint; constraints must be checked at once"
    )]
    Deferrable {
        /// The component.
        schema: &'static str,
        /// The migration's version.
        version: u32,
    },
    /// A migration failed; the store is as it was before.
    #[error("migrating `{schema}` to version {version}")]
    Migration {
        /// The component.
        schema: &'static str,
        /// The version that was not reached.
        version: u32,
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// A data directory cannot be prepared.
    #[error("preparing the data directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The directory holds something else than data of this program, or data in a newer format.
    #[error("`{}` is not a data directory that this program can use: {reason}", path.display())]
    UnknownDirectory {
        /// The directory.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// Another process uses the data directory.
    #[error("the data directory `{}` is in use by {holder}", path.display())]
    DirectoryInUse {
        /// The directory.
        path: PathBuf,
        /// Who holds it, such as "process 4711".
        holder: String,
    },
    /// A thread for the store's connections could not be started.
    #[error("starting a thread for the store")]
    Thread(#[source] Arc<std::io::Error>),
    /// A transaction could not begin.
    #[error("beginning a transaction")]
    Begin(#[source] Cause),
    /// The group's commit failed; nothing of it was written.
    #[error("committing")]
    Commit(#[source] Cause),
    /// A statement failed.
    #[error("running `{statement}`")]
    Statement {
        /// The statement's name.
        statement: &'static str,
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// A statement was given too few or too many parameters.
    #[error("`{statement}` takes {expected} parameters, not {given}")]
    Parameters {
        /// The statement's name.
        statement: &'static str,
        /// How many it takes.
        expected: usize,
        /// How many there were.
        given: usize,
    },
    /// An integer that no column can hold.
    #[error("{value} is above the largest integer that can be stored, {}", i64::MAX)]
    OutOfRange {
        /// The integer.
        value: u64,
    },
    /// A row is not at the version that was decided on: somebody else changed it meanwhile, as often as the work was
    /// tried. Made by [`Transaction::conflict`](crate::Transaction::conflict), which has the work run again.
    #[error("the {what} was changed by somebody else meanwhile")]
    Conflict {
        /// What the row is.
        what: &'static str,
    },
    /// A column holds something else than what was asked for.
    #[error("column `{column}` of `{statement}` should hold {expected}, but holds {found}")]
    Column {
        /// The statement's name.
        statement: &'static str,
        /// The column's name, or its index if there is none.
        column: String,
        /// What was asked for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A query for one row, or for at most one, found another number of them.
    #[error("`{statement}` should find {expected}, but found {found}")]
    RowCount {
        /// The statement's name.
        statement: &'static str,
        /// What was asked for.
        expected: &'static str,
        /// What there was.
        found: &'static str,
    },
    /// The transaction was used after `statement` had failed in it; it was rolled back.
    #[error("the transaction cannot go on after the failure of `{statement}`")]
    Poisoned {
        /// The statement that failed first.
        statement: &'static str,
    },
    /// The closure awaited something else than its own statements, such as a timer, or began another
    /// transaction; it was rolled back.
    #[error("a transaction may await only its own statements")]
    AwaitedElsewhere,
    /// The closure panicked; it was rolled back.
    #[error("a transaction panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The queue was full for as long as a caller may wait.
    #[error("the store is busy: no room in its queue within {waited:?}")]
    Busy {
        /// How long the caller waited.
        waited: Duration,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// What is built on the store could not do its part of the transaction, for a reason of its own.
    #[error("{doing}")]
    Layer {
        /// What it was doing.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A lease is no longer held by the one who presented this token.
    #[error("the lease on `{role}` with token {token} is lost")]
    LeaseLost {
        /// The role that is leased.
        role: String,
        /// The token that was presented.
        token: u64,
    },
}

impl Error {
    /// The constraint that was violated.
    ///
    /// A named CHECK constraint gives its name. SQLite does not tell the name of a UNIQUE or PRIMARY KEY
    /// constraint, but its columns, such as `customers.email` or `outbox.topic, outbox.position`, nor
    /// anything of a foreign key, which gives `FOREIGN KEY`.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.cause()?.constraint()
    }

    /// The disk, or the space that [`Options::max_bytes`](crate::Options::max_bytes) allows, is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is(ErrorCode::DiskFull)
    }

    /// Something was written where nothing may be: to a read-only file, or in a read.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::ReadOnlyStore { .. }) || self.is(ErrorCode::ReadOnly)
    }

    /// Others kept the store busy; trying again later may succeed.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. }) || self.is(ErrorCode::DatabaseBusy)
    }

    /// Another process uses the data directory.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::DirectoryInUse { .. })
    }

    /// The database file is damaged, or is not one.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.is(ErrorCode::DatabaseCorrupt) || self.is(ErrorCode::NotADatabase)
    }

    /// The system failed to read or write.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Directory { .. }) || self.is(ErrorCode::SystemIoFailure)
    }

    /// Says that a store cannot be written if that is why it cannot be opened: once the file is there, what
    /// cannot be opened is the log beside it.
    pub(crate) fn while_opening(self, path: &Path) -> Self {
        match self.cause() {
            Some(source) if self.is_read_only() || (self.is(ErrorCode::CannotOpen) && path.exists()) => {
                Self::ReadOnlyStore { path: path.to_owned(), source: source.clone() }
            }
            _ => self,
        }
    }

    fn is(&self, code: ErrorCode) -> bool {
        self.cause().is_some_and(|cause| cause.code() == Some(code))
    }

    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Open { source, .. } | Self::Migration { source, .. } | Self::Statement { source, .. } => {
                Some(source)
            }
            Self::Begin(source) | Self::Commit(source) => Some(source),
            _ => None,
        }
    }
}

/// What the database said.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Cause(Arc<rusqlite::Error>);

impl Cause {
    fn code(&self) -> Option<ErrorCode> {
        self.0.sqlite_error_code()
    }

    fn constraint(&self) -> Option<&str> {
        let rusqlite::Error::SqliteFailure(error, Some(message)) = &*self.0 else { return None };
        if error.code != ErrorCode::ConstraintViolation {
            return None;
        }
        // "CHECK constraint failed: NAME", "UNIQUE constraint failed: TABLE.COLUMN, …", or
        // "FOREIGN KEY constraint failed".
        match message.split_once(" constraint failed") {
            Some((kind, "")) => Some(kind),
            Some((_, subject)) => Some(subject.trim_start_matches(": ")),
            None => Some(message),
        }
    }
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self(Arc::new(error))
    }
}
