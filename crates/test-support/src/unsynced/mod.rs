//! A storage layer for SQLite that loses, when the process is killed, what was not synced.
//!
//! The system's page cache outlives a killed process, so that `kill -9` alone cannot tell a store that syncs
//! from one that forgets to. After [`install`] every write to a database, its log or its journal stays in the
//! memory of the process until SQLite syncs that file; then it is written through and synced. To kill the
//! process is then what a power cut is to the machine: whatever an answer rests on must have been synced before.
//!
//! Reads see what was written, whoever in the process reads. Making and removing files takes effect at once,
//! which journalling file systems come close to, and so do locks and the shared memory of the log's index,
//! which SQLite makes anew from the log when it opens a file that nobody else uses.
//!
//! A database can also be taken away for a while: [`take_away`].
//!
//! **Invariant:** one process at a time uses a file; another would not see what is not synced yet.

mod file;
mod files;
mod outage;
mod overlay;
mod system;
mod vfs;

pub use outage::{Outage, take_away};
pub use vfs::install;
