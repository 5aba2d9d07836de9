//! What becomes of the space of rows that are forgotten, and of the log while somebody always reads.
//!
//! `cargo run --release -p database --example space [ROUNDS]` prints two tables. The first compares a file that keeps
//! its free pages with one that can give them back (`auto_vacuum = INCREMENTAL`, the pages given back after every
//! hundredth commit, and never): rows that come and go at the same rate, as under a retention, then a burst of ten times
//! as many that is forgotten. Rounds are interleaved, figures are medians. The second shows the log of a store under
//! writes, with two readers that never pause.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use database::{Database, Error, Kind, Migration, Options, Schema, Transaction, params};
use rusqlite::Connection;
use tokio::time::Instant;

/// As many rows as a retention holds in a small installation.
const KEPT: u64 = 20_000;
/// Rows that come, and rows that go, in one commit: a group of a busy store.
const TOGETHER: u64 = 64;
const COMMITS: u64 = 1_000;
const READ_FOR: Duration = Duration::from_secs(10);

const TABLES: &str = "
    CREATE TABLE handled (consumer TEXT NOT NULL, topic TEXT NOT NULL, id BLOB NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (consumer, topic, id));
    CREATE INDEX handled_at ON handled (at);
    CREATE TABLE journal (subject BLOB NOT NULL, at BIGINT NOT NULL, entries TEXT NOT NULL,
        PRIMARY KEY (subject, at)) WITHOUT ROWID;";

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the report is this program's purpose")]
async fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(5), |rounds| rounds.parse())?;
    let mut measured: [Vec<Space>; 3] = Default::default();
    for _ in 0..rounds {
        for (way, spaces) in WAYS.iter().zip(&mut measured) {
            spaces.push(come_and_go(way)?);
        }
    }
    println!("{:>34} {:>12} {:>10} {:>10} {:>10}", "", "rows/s", "MiB", "burst", "after it");
    for (way, spaces) in WAYS.iter().zip(measured) {
        let of = |figure: fn(&Space) -> f64| median(spaces.iter().map(figure).collect());
        let (rate, steady) = (of(|it| it.rows_per_second), of(|it| it.steady));
        let (burst, after) = (of(|it| it.burst), of(|it| it.after));
        println!("{:>34} {rate:>12.0} {steady:>10.1} {burst:>10.1} {after:>10.1}", way.name);
    }
    read_all_the_time().await
}

/// How a file treats pages that are free.
struct Way {
    name: &'static str,
    auto_vacuum: &'static str,
    give_back: bool,
}

const WAYS: [Way; 3] = [
    Way { name: "free pages are used again", auto_vacuum: "NONE", give_back: false },
    Way { name: "can give them back, never does", auto_vacuum: "INCREMENTAL", give_back: false },
    Way { name: "gives them back", auto_vacuum: "INCREMENTAL", give_back: true },
];

/// What a way comes to; sizes in MiB.
struct Space {
    rows_per_second: f64,
    steady: f64,
    burst: f64,
    after: f64,
}

fn come_and_go(way: &Way) -> Result<Space, Failure> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("space.db");
    let file = Connection::open(&path)?;
    file.pragma_update(None, "auto_vacuum", way.auto_vacuum)?;
    file.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    file.execute_batch(TABLES)?;
    let mut rows = Rows { file, first: 0, next: 0 };
    while rows.next < KEPT {
        rows.commit(TOGETHER * 16, 0)?;
    }
    let begun = Instant::now();
    for commit in 1..=COMMITS {
        rows.commit(TOGETHER, TOGETHER)?;
        if way.give_back && commit % 100 == 0 {
            rows.give_back()?;
        }
    }
    let took = begun.elapsed().as_secs_f64();
    let steady = rows.size(&path)?;
    while rows.next - rows.first < 10 * KEPT {
        rows.commit(TOGETHER * 16, 0)?;
    }
    let burst = rows.size(&path)?;
    while rows.next - rows.first > KEPT {
        rows.commit(0, TOGETHER * 16)?;
    }
    if way.give_back {
        rows.give_back()?;
    }
    let after = rows.size(&path)?;
    Ok(Space { rows_per_second: (4 * COMMITS * TOGETHER) as f64 / took, steady, burst, after })
}

/// Rows that come with the time and go in its order.
struct Rows {
    file: Connection,
    first: u64,
    next: u64,
}

impl Rows {
    fn commit(&mut self, come: u64, go: u64) -> Result<(), Failure> {
        let tx = self.file.transaction()?;
        for at in (self.next..).take(usize::try_from(come)?) {
            // Ids of messages are in no order; subjects are in that of time.
            let id = (at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes().repeat(2);
            tx.prepare_cached("INSERT INTO handled VALUES ('billing', 'billing.commands', ?1, ?2)")?
                .execute((&id, at as i64))?;
            tx.prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3)")?.execute((
                at.to_be_bytes(),
                at as i64,
                ENTRIES,
            ))?;
        }
        let before = self.first + go;
        if go > 0 {
            tx.prepare_cached("DELETE FROM handled WHERE at < ?1")?.execute([before as i64])?;
            tx.prepare_cached("DELETE FROM journal WHERE subject < ?1")?.execute([before.to_be_bytes()])?;
        }
        tx.commit()?;
        (self.first, self.next) = (before, self.next + come);
        Ok(())
    }

    fn give_back(&self) -> Result<(), Failure> {
        // It gives back a page a step.
        let mut vacuum = self.file.prepare_cached("PRAGMA incremental_vacuum")?;
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
        Ok(())
    }

    /// The file's size with everything in it that is in the log.
    fn size(&self, path: &Path) -> Result<f64, Failure> {
        self.file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(std::fs::metadata(path)?.len() as f64 / f64::from(1 << 20))
    }
}

const ENTRIES: &str = r#"[{"k":"command","n":"reserve_credit","c":"0199-aa"},{"k":"event","n":"credit_reserved","v":3},{"k":"message","n":"customers.reply","t":"ordering.replies"}]"#;

const NOTES: Schema = Schema {
    name: "notes",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL)",
    }],
};

mod sql {
    database::statements! {
        /// Replaces a note, or adds it.
        pub const PUT: "INSERT INTO notes (id, text) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET text = excluded.text";
        /// Reads for some milliseconds.
        pub const READ: "SELECT count(*) FROM notes WHERE text LIKE '%needle%'";
    }
}

#[expect(clippy::print_stdout, reason = "the report is this program's purpose")]
async fn read_all_the_time() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let store = Database::open(&directory.path().join("log.db"), &[NOTES], Options::default())?;
    let ended = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for writer in 0..64_i64 {
        let (store, ended) = (store.clone(), Arc::clone(&ended));
        tasks.push(tokio::spawn(async move {
            let mut at = 0_i64;
            while !ended.load(Relaxed) {
                at = (at + 1) % 500;
                let id = writer * 500 + at;
                store
                    .write(async move |tx: &mut Transaction| {
                        tx.execute(sql::PUT, params![id, ENTRIES]).await.map(drop)
                    })
                    .await?;
            }
            Ok::<_, Error>(())
        }));
    }
    for _ in 0..4 {
        let (store, ended) = (store.clone(), Arc::clone(&ended));
        tasks.push(tokio::spawn(async move {
            while !ended.load(Relaxed) {
                let read = async |tx: &mut Transaction| {
                    tx.query_one(sql::READ, params![], |row| row.get::<i64>(0)).await
                };
                store.read(read).await?;
            }
            Ok(())
        }));
    }
    println!("{:>10} {:>10} {:>10} {:>12} {:>12}", "seconds", "log MiB", "file MiB", "commits", "reads");
    let begun = Instant::now();
    while begun.elapsed() < READ_FOR {
        tokio::time::sleep(READ_FOR / 10).await;
        let (size, stats) = (store.size(), store.stats());
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{seconds:>10.0} {:>10.1} {:>10.1} {:>12} {:>12}",
            mib(size.log),
            mib(size.database),
            stats.commits,
            stats.reads
        );
    }
    ended.store(true, Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
