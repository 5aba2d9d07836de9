//! The machine: the directory of the data and the disk below it.

use std::{
    fs::{File, TryLockError},
    io::Read,
    path::Path,
};

use super::Finding;

/// Less room than this is soon too little, in bytes.
const SCARCE: u64 = 1024 * 1024 * 1024;
/// Less than this is too little already.
const TOO_LITTLE: u64 = 64 * 1024 * 1024;

/// The file by which one process at a time has a data directory.
const LOCK_FILE: &str = "LOCK";

/// The data directory: whether there is one, who has it, and how much room is left for it.
pub(super) fn directory(path: &Path) -> Vec<Finding> {
    let shown = path.display();
    if !path.exists() {
        return vec![Finding::well(format!("there is no data in `{shown}` yet; `switchyard up` makes it"))];
    }
    let mut findings = vec![holder(path)];
    findings.extend(free_bytes(path).map(|free| room(free, &shown.to_string())));
    findings
}

fn holder(path: &Path) -> Finding {
    let shown = path.display();
    let mut lock = match File::open(path.join(LOCK_FILE)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::doubtful(
                format!("`{shown}` is no data directory: it has no file `{LOCK_FILE}`"),
                "Name another with --data-dir; `switchyard up` takes only an empty one or its own.",
            );
        }
        Err(error) => {
            return Finding::broken(
                format!("`{shown}` cannot be read: {error}"),
                "Whose is it, and who are you?",
            );
        }
    };
    match lock.try_lock() {
        Ok(()) => Finding::well(format!("the data in `{shown}` is free")),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let known = lock.read_to_string(&mut holder).is_ok() && !holder.is_empty();
            let holder = if known { holder } else { "another process".to_owned() };
            Finding::well(format!("the data in `{shown}` is used by {holder}"))
        }
        Err(TryLockError::Error(error)) => Finding::broken(
            format!("`{shown}` cannot be locked: {error}"),
            "Keep the data on a local file system; some network file systems have no locks.",
        ),
    }
}

fn room(free: u64, shown: &str) -> Finding {
    let told = format!("{} MiB are free for `{shown}`", free / 1024 / 1024);
    match free {
        ..TOO_LITTLE => Finding::broken(told, "Make room: without it nothing can be committed."),
        TOO_LITTLE..SCARCE => Finding::doubtful(told, "Make room before it is too little."),
        _ => Finding::well(told),
    }
}

/// How many bytes this user can still write there, where the system tells.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let stats = rustix::fs::statvfs(path).ok()?;
    Some(stats.f_bavail.saturating_mul(stats.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use database::DirectoryLock;

    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn a_directory_that_is_used_names_who_uses_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data");
        assert!(super::directory(&path)[0].what.contains("no data"));
        let lock = DirectoryLock::acquire(&path).unwrap();
        let used = holder(&path);
        assert!(used.what.ends_with(&format!("used by process {}", std::process::id())), "{used:?}");
        drop(lock);
        assert!(holder(&path).what.ends_with("is free"));
    }

    #[test]
    fn a_directory_of_something_else_is_doubted() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(holder(directory.path()).grade, Grade::Doubtful);
    }

    #[test]
    fn little_room_is_told_before_it_is_too_little() {
        let grade = |free| room(free, "data").grade;
        assert_eq!(
            [grade(u64::MAX), grade(SCARCE - 1), grade(TOO_LITTLE - 1)],
            [Grade::Well, Grade::Doubtful, Grade::Broken]
        );
    }
}
