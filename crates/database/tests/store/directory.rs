//! One process per data directory, and only in a directory that is ours.

use std::fs;

use database::{DirectoryLock, Error};

#[test]
fn a_directory_has_one_holder_at_a_time() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    let lock = DirectoryLock::acquire(&path).unwrap();
    assert_eq!(lock.path(), path);

    let error = DirectoryLock::acquire(&path).unwrap_err();
    assert!(error.is_locked());
    let id = std::process::id();
    assert_eq!(
        error.to_string(),
        format!("the data directory `{}` is in use by process {id}", path.display())
    );

    drop(lock);
    fs::write(path.join("customers.db"), "").unwrap();
    DirectoryLock::acquire(&path).unwrap();
}

#[test]
fn a_directory_with_other_things_in_it_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("thesis.tex"), "").unwrap();
    let error = DirectoryLock::acquire(directory.path()).unwrap_err();
    assert!(matches!(error, Error::UnknownDirectory { .. }));
    assert!(error.to_string().ends_with("it has no file `FORMAT` but holds `thesis.tex`"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing was added");
}

#[test]
fn a_directory_in_a_newer_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("FORMAT"), "switchyard data, format 2\n").unwrap();
    let error = DirectoryLock::acquire(directory.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("its file `FORMAT` says `switchyard data, format 2`, not `switchyard data, format 1`"),
        "{error}"
    );
}

#[test]
fn a_crash_while_a_directory_is_prepared_does_not_spoil_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("LOCK"), "process 1").unwrap();
    fs::write(directory.path().join("FORMAT.new"), "switch").unwrap();
    drop(DirectoryLock::acquire(directory.path()).unwrap());
    assert!(!directory.path().join("FORMAT.new").exists());
    DirectoryLock::acquire(directory.path()).unwrap();
}

#[test]
fn a_file_in_the_place_of_a_directory_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = DirectoryLock::acquire(file.path()).unwrap_err();
    assert!(matches!(error, Error::Directory { .. }));
    assert!(std::error::Error::source(&error).is_some());
}
