//! A disk that fails for a while.

use std::path::Path;

use database::{Database, Error, Health, Options};
use test_support::unsynced;

use crate::{
    child::{Child, say, wait},
    store::{SCHEMA, add, kept},
};

#[test]
fn a_store_outlives_an_outage_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let mut child = Child::start("outage", &file);
    assert_eq!(child.hear().as_deref(), Some("over"));
    child.kill();
    assert_eq!(kept(&file).into_iter().collect::<Vec<_>>(), [1, 3]);
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn child(file: &Path) {
    let store = Database::open(file, &[SCHEMA], Options::default()).unwrap();
    let other = file.with_file_name("other.db");
    let other = Database::open(&other, &[SCHEMA], Options::default()).unwrap();
    add(&store, 1).await.unwrap();

    let outage = unsynced::take_away(file).unwrap();
    let error: Error = add(&store, 2).await.unwrap_err();
    assert!(error.is_io(), "{error:?}");
    assert_eq!(store.health(), Health::Failing);
    store.failed().await;
    assert!(store.probe().await.unwrap_err().is_io(), "it is still away");
    assert_eq!(store.health(), Health::Failing);
    add(&other, 2).await.unwrap();

    drop(outage);
    store.probe().await.unwrap();
    assert_eq!(store.health(), Health::Good);
    add(&store, 3).await.unwrap();
    say("over");
    wait();
}
