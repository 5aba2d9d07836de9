//! Old and new programs share a store for as long as they can.

use std::path::Path;

use database::{Database, Error, Kind, Migration, Options, Schema, Transaction, params};

database::statements! {
    const ADD: "INSERT INTO things (id) VALUES ($1)";
    const COUNT: "SELECT count(*) FROM things";
    const ADD_TITLED: "INSERT INTO things (id, title) VALUES ($1, $2)";
}

const FIRST: Migration = Migration {
    version: 1,
    kind: Kind::Expand,
    sql: "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT)",
};
const SECOND: Migration =
    Migration { version: 2, kind: Kind::Expand, sql: "ALTER TABLE things ADD COLUMN title TEXT" };
const THIRD: Migration = Migration {
    version: 3,
    kind: Kind::Contract { oldest_reader: 2 },
    sql: "ALTER TABLE things DROP COLUMN name; CREATE INDEX things_by_title ON things (title)",
};
const BROKEN: Migration = Migration {
    version: 2,
    kind: Kind::Expand,
    sql: "CREATE TABLE more (id BIGINT); CREATE TABLE things (id BIGINT)",
};

const fn schema(migrations: &'static [Migration]) -> Schema {
    Schema { name: "things", migrations }
}

const V1: Schema = schema(&[FIRST]);
const V2: Schema = schema(&[FIRST, SECOND]);
const V3: Schema = schema(&[FIRST, SECOND, THIRD]);

fn open(path: &Path, schema: Schema) -> Result<Database, Error> {
    Database::open(path, &[schema], Options::default())
}

async fn add(store: &Database, id: i64) -> Result<i64, Error> {
    store
        .write(async move |tx: &mut Transaction| {
            tx.execute(ADD, params![id]).await?;
            tx.query_one(COUNT, params![], |row| row.get(0)).await
        })
        .await
}

#[tokio::test]
async fn opening_again_migrates_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    for id in 1..=3 {
        let store = open(&path, V1).unwrap();
        assert_eq!(add(&store, id).await.unwrap(), id);
        store.close().await;
    }
}

#[tokio::test]
async fn a_newer_program_migrates_and_the_older_one_beside_it_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let old = open(&path, V1).unwrap();
    add(&old, 1).await.unwrap();
    let new = open(&path, V2).unwrap();
    let titled = async |tx: &mut Transaction| tx.execute(ADD_TITLED, params![2_i64, "title"]).await;
    assert_eq!(new.write::<_, Error, _>(titled).await.unwrap(), 1);
    assert_eq!(add(&old, 3).await.unwrap(), 3);

    let restarted = open(&path, V1).unwrap();
    assert_eq!(add(&restarted, 4).await.unwrap(), 4);
}

#[tokio::test]
async fn a_program_from_before_a_contraction_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    open(&path, V3).unwrap().close().await;

    let error = open(&path, V1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the store holds `things` in a form that needs version 2 of it or later, but this program knows version 1; \
         start a newer program"
    );
    let store = open(&path, V2).unwrap();
    assert_eq!(add(&store, 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_store_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    open(&path, V1).unwrap().close().await;

    let error = open(&path, schema(&[FIRST, BROKEN])).unwrap_err();
    assert_eq!(error.to_string(), "migrating `things` to version 2");
    assert!(open(&path, V2).is_ok(), "neither the table `more` nor the version is there");
}

#[test]
fn of_programs_that_start_together_one_migrates() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..10 {
        let path = directory.path().join(format!("store-{round}.db"));
        std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&path, V3).map(drop))).collect();
            for start in starts {
                start.join().unwrap().unwrap();
            }
        });
    }
}

#[test]
fn components_have_versions_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let components = [V1, database::leases::SCHEMA];
    drop(Database::open(&path, &components, Options::default()).unwrap());
    let components = [database::leases::SCHEMA, V3];
    drop(Database::open(&path, &components, Options::default()).unwrap());
}

#[test]
fn a_wrong_list_of_migrations_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    for wrong in [&[schema(&[SECOND])][..], &[schema(&[FIRST, THIRD])], &[V1, V1]] {
        let error = Database::open(&path, wrong, Options::default()).unwrap_err();
        assert!(matches!(error, Error::Misnumbered { schema: "things" }));
    }
}

#[test]
fn a_constraint_that_is_checked_at_the_shared_commit_is_refused() {
    const DEFERRED: Migration = Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE things (id BIGINT PRIMARY KEY, next BIGINT REFERENCES things (id) deferrable)",
    };
    let directory = tempfile::tempdir().unwrap();
    let error = open(&directory.path().join("store.db"), schema(&[DEFERRED])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "version 1 of `things` has a DEFERRABLE constraint; constraints must be checked at once"
    );
}

#[test]
fn another_programs_database_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    assert!(matches!(open(&path, V1).unwrap_err(), Error::Foreign { application_id: 0, .. }));

    std::fs::write(&path, "not a database, but a text that is long enough to be taken for a header of one")
        .unwrap();
    assert!(open(&path, V1).unwrap_err().is_corrupt());
    let error = open(&directory.path().join("missing").join("store.db"), V1).unwrap_err();
    assert!(matches!(error, Error::Open { .. }));
}
