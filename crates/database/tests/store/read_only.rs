//! A store that cannot be written is refused at once, with a sentence that helps.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use database::{Database, Options};

use crate::fixture::SCHEMA;
use crate::namespace;

/// A directory with a store that was closed.
async fn prepared() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.db");
    Database::open(&path, &[SCHEMA], Options::default()).unwrap().close().await;
    directory
}

fn assert_refused(directory: &Path) {
    let path = directory.join("notes.db");
    let error = Database::open(&path, &[SCHEMA], Options::default()).unwrap_err();
    assert!(error.is_read_only(), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("the store `{}` is read-only; the file and its directory must be writable", path.display())
    );
}

#[tokio::test]
async fn a_store_on_a_read_only_disk_is_refused() {
    let Some(disk) = namespace::disk() else {
        let mount = "mount --bind \"$0\" \"$0\"; mount -o remount,bind,ro \"$0\"";
        let name = "read_only::a_store_on_a_read_only_disk_is_refused";
        return namespace::again(name, prepared().await.path(), mount);
    };
    assert_refused(&disk);
}

#[tokio::test]
async fn a_store_without_permission_to_write_is_refused() {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        return println!("skipped, permissions do not bind root");
    }
    let directory = prepared().await;
    let file = directory.path().join("notes.db");
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    assert_refused(directory.path());

    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o555)).unwrap();
    assert_refused(directory.path());
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
}
