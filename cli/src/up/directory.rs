//! Where everything is kept: a directory that one process at a time uses.

use std::{
    io,
    path::{Path, PathBuf},
};

use database::DirectoryLock;

/// A directory that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct DataDirectory {
    path: PathBuf,
    // Dropped in this order: unlocked before it is removed.
    _lock: DirectoryLock,
    _temporary: Option<tempfile::TempDir>,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is in use, too new, or not a data directory.
    #[error(transparent)]
    Lock(#[from] database::Error),
    /// A temporary one cannot be made.
    #[error("making a temporary directory")]
    Temporary(#[source] io::Error),
}

impl DataDirectory {
    /// This one, made if there is none.
    pub(super) fn at(path: &Path) -> Result<Self, Error> {
        let lock = DirectoryLock::acquire(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock, _temporary: None })
    }

    /// A new one, which is removed at the end.
    pub(super) fn temporary() -> Result<Self, Error> {
        let temporary = tempfile::Builder::new().prefix("switchyard-").tempdir().map_err(Error::Temporary)?;
        let directory = Self::at(temporary.path())?;
        Ok(Self { _temporary: Some(temporary), ..directory })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
