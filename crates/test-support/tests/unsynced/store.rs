//! Our own store, under load.

use std::{collections::BTreeSet, path::Path};

use database::{Database, Error, Kind, Migration, Options, Schema, Transaction, params};

use crate::child::{Child, say};

pub(crate) const SCHEMA: Schema = Schema {
    name: "notes",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE notes (number BIGINT PRIMARY KEY, note TEXT NOT NULL)",
    }],
};

mod sql {
    database::statements! {
        /// Adds a note.
        pub const ADD: "INSERT INTO notes (number, note) VALUES ($1, $2)";
        /// The numbers of all notes.
        pub const NUMBERS: "SELECT number FROM notes";
    }
}

/// How many writers share commits.
const WRITERS: u64 = 8;

/// Long enough that the log is full, and copied into the database, every 130 notes or so.
const LENGTH: usize = 128 * 1024;

/// After how many answers the process is killed, one after the other: in its first commits, and around the first
/// times that its log is full.
const KILLS: [usize; 6] = [1, 5, 60, 130, 140, 290];

#[test]
fn whatever_a_store_has_answered_outlives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let mut answered = BTreeSet::new();
    for (round, kill_after) in KILLS.into_iter().enumerate() {
        let mut child = Child::start(&format!("store {}", round * 1_000_000), &file);
        let mut heard = Vec::new();
        heard.extend((0..kill_after).map(|_| child.hear().expect("the child goes on until it is killed")));
        heard.extend(child.kill());
        answered.extend(heard.iter().map(|number| number.parse::<u64>().unwrap()));

        let kept = kept(&file);
        assert_eq!(answered.difference(&kept).count(), 0, "lost in round {round}");
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn kept(file: &Path) -> BTreeSet<u64> {
    let store = Database::open(file, &[SCHEMA], Options::default()).unwrap();
    let numbers = store
        .read(async |tx: &mut Transaction| tx.query(sql::NUMBERS, params![], |row| row.get::<u64>(0)).await);
    let numbers: Result<_, Error> = numbers.await;
    store.close().await;
    numbers.unwrap().into_iter().collect()
}

/// Adds notes for ever, and says the number of each as soon as it is answered for.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn child(file: &Path) {
    let first: u64 = crate::child::argument().parse().unwrap();
    let store = Database::open(file, &[SCHEMA], Options::default()).unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in (first + writer..).step_by(WRITERS as usize) {
                add(&store, number).await.unwrap();
                say(&number.to_string());
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

pub(crate) async fn add(store: &Database, number: u64) -> Result<(), Error> {
    let note = "x".repeat(LENGTH);
    store
        .write(async move |tx: &mut Transaction| {
            tx.execute(sql::ADD, params![number, note.as_str()]).await.map(drop)
        })
        .await
}
