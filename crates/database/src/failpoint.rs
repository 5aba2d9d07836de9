//! Where a test has a process end, or a store fail: at the boundaries of transactions.
//!
//! Between two boundaries nothing is durable that was not before, so a process that can end at each of them has been
//! ended everywhere.

use std::fmt;
use std::path::Path;

/// A boundary of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// Before a work that reads.
    Read,
    /// Before a work that writes: nothing of it is ever done.
    Write,
    /// After a work was made durable, before anybody hears of it: hooks have not run, and its caller has no answer.
    Committed,
}

/// What comes of reaching a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Proceed,
    /// The store refuses the work as [busy](crate::Error::is_busy). At [`Boundary::Committed`] there is nothing left to
    /// refuse: it goes on.
    Fail,
    /// The caller never hears of it again, as of a process that has ended there.
    Vanish,
}

/// Decides what comes of reaching a boundary, in a store whose [executor](crate::Executor) works inline.
pub trait Failpoint: fmt::Debug + Send + Sync {
    /// What comes of a work on the store in `file` that has reached `boundary`.
    fn reached(&self, file: &Path, boundary: Boundary) -> Fate;
}
