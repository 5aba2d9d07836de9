//! One process per data directory.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;

const FORMAT_FILE: &str = "FORMAT";
const NEW_FORMAT_FILE: &str = "FORMAT.new";
const LOCK_FILE: &str = "LOCK";

/// The only line of the file `FORMAT`; the number changes when a directory can no longer be read by programs
/// that know the number before.
const FORMAT: &str = "switchyard data, format 1\n";

/// Holds a data directory for this process until it is dropped or the process ends.
#[derive(Debug)]
pub struct DirectoryLock {
    path: PathBuf,
    _lock: File,
}

impl DirectoryLock {
    /// Takes the directory, creating it if needed.
    ///
    /// # Errors
    ///
    /// [`Error::DirectoryInUse`] if another process holds it, [`Error::UnknownDirectory`] if it holds
    /// something else than data of this program, or in a newer format.
    pub fn acquire(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Directory { path: path.to_owned(), source: Arc::new(error) };
        fs::create_dir_all(path).map_err(failed)?;
        check_format(path)?;
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path.join(LOCK_FILE))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::DirectoryInUse { path: path.to_owned(), holder: holder(&mut lock) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        lock.set_len(0).and_then(|()| write!(lock, "process {}", std::process::id())).map_err(failed)?;
        write_format(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn check_format(path: &Path) -> Result<(), Error> {
    let failed = |error| Error::Directory { path: path.to_owned(), source: Arc::new(error) };
    let unknown = |reason| Err(Error::UnknownDirectory { path: path.to_owned(), reason });
    match fs::read_to_string(path.join(FORMAT_FILE)) {
        Ok(format) if format == FORMAT => Ok(()),
        Ok(format) => {
            unknown(format!("its file `{FORMAT_FILE}` says `{}`, not `{}`", format.trim(), FORMAT.trim()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match foreign_entry(path).map_err(failed)? {
            Some(entry) => unknown(format!("it has no file `{FORMAT_FILE}` but holds `{entry}`")),
            None => Ok(()),
        },
        Err(error) => Err(failed(error)),
    }
}

/// Something that a start of this program, crashed or going on in another process, does not leave behind.
fn foreign_entry(path: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != LOCK_FILE && name != FORMAT_FILE && name != NEW_FORMAT_FILE {
            return Ok(Some(name.to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}

fn write_format(path: &Path) -> io::Result<()> {
    let file = path.join(FORMAT_FILE);
    if file.exists() {
        return Ok(());
    }
    // Written aside and renamed, so that a crash never leaves half a line.
    let aside = path.join(NEW_FORMAT_FILE);
    let mut new = File::create(&aside)?;
    new.write_all(FORMAT.as_bytes())?;
    new.sync_all()?;
    fs::rename(aside, file)
}

fn holder(lock: &mut File) -> String {
    let mut holder = String::new();
    match lock.read_to_string(&mut holder) {
        Ok(length) if length > 0 => holder,
        _ => "another process".to_owned(),
    }
}
