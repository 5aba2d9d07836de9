//! Databases that cannot be read or written for a while.

use std::{
    ffi::CStr,
    io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

static AWAY: RwLock<Vec<PathBuf>> = RwLock::new(Vec::new());

/// An outage; over when it is dropped.
#[derive(Debug)]
#[must_use = "it is over when this is dropped"]
pub struct Outage(PathBuf);

/// Takes away a database, or all that are under a directory: whoever reads from the disk, writes or syncs is told
/// that the disk fails. What SQLite has in memory it still tells.
///
/// # Errors
/// There is no such file or directory.
pub fn take_away(path: &Path) -> io::Result<Outage> {
    // As SQLite names it, without links.
    let path = path.canonicalize()?;
    AWAY.write().unwrap_or_else(PoisonError::into_inner).push(path.clone());
    Ok(Outage(path))
}

impl Drop for Outage {
    fn drop(&mut self) {
        let mut away = AWAY.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = away.iter().position(|path| *path == self.0) {
            away.swap_remove(at);
        }
    }
}

/// Whether a database, or the log or journal beside it, is away at the moment.
pub(super) fn is_away(name: &CStr) -> bool {
    let away = AWAY.read().unwrap_or_else(PoisonError::into_inner);
    !away.is_empty() && name.to_str().is_ok_and(|name| away.iter().any(|path| belongs(name, path)))
}

fn belongs(name: &str, path: &Path) -> bool {
    let database = name.strip_suffix("-wal").or_else(|| name.strip_suffix("-journal")).unwrap_or(name);
    Path::new(database).starts_with(path)
}
