//! What the way through this crate costs, beside bare rusqlite and beside a channel hop per statement.
//!
//! `cargo run --release -p database --example path [ROUNDS]` prints three tables. Everything is measured in one
//! run, interleaved, on files in the directory that `TMPDIR` names; figures and ratios are medians of the rounds.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use database::{Database, Error, Kind, Migration, Options, Schema, Transaction, params};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

const CALLERS: [usize; 4] = [1, 16, 64, 256];
/// Short, so that what else the machine does falls on all ways alike.
const MEASURED: Duration = Duration::from_millis(300);
const STATEMENTS_PER_ROUND: i64 = 30_000;
/// A command's statements run in transactions of this many, so that syncs do not hide the path.
const STATEMENTS_PER_TRANSACTION: i64 = 600;
const STOCK: i64 = 10_000;

const SCHEMA: Schema =
    Schema { name: "path", migrations: &[Migration { version: 1, kind: Kind::Expand, sql: TABLES }] };

const TABLES: &str = "
    CREATE TABLE stock (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, state TEXT NOT NULL);
    CREATE TABLE outbox (position INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL);";

mod sql {
    database::statements! {
        /// One more article.
        pub const ADD: "INSERT INTO stock (id, version, state) VALUES ($1, 0, $2)";
        /// An article by its id.
        pub const FIND: "SELECT version, state FROM stock WHERE id = $1";
        /// Guarded by the version that was found.
        pub const SAVE: "UPDATE stock SET version = version + 1, state = $3 WHERE id = $1 AND version = $2";
        /// What others will hear of it.
        pub const ENQUEUE: "INSERT INTO outbox (topic, payload) VALUES ($1, $2)";
    }
}

/// The same text as SQLite numbers it.
const FIND: &str = "SELECT version, state FROM stock WHERE id = ?1";
const SAVE: &str = "UPDATE stock SET version = version + 1, state = ?3 WHERE id = ?1 AND version = ?2";
const ENQUEUE: &str = "INSERT INTO outbox (topic, payload) VALUES (?1, ?2)";

const STATE: &str =
    r#"{"sku":"TEA-EARL-GREY-100","on_hand":120,"reserved":17,"reservations":{"o-1":3,"o-2":14}}"#;
const PAYLOAD: &str = r#"{"specversion":"1.0","id":"0199-aa","source":"/warehouse","type":"stock.reserved","subject":"TEA","data":{"order":"0199-bb","quantity":3,"remaining":103},"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(9), |rounds| rounds.parse())?;
    let directory = tempfile::tempdir()?;
    let store = prepare(&directory.path().join("ours.db")).await?;
    let path = directory.path().join("bare.db");
    prepare(&path).await?.close().await;
    let bare = bare(&path)?;
    statements(&store, &bare, &Hopping::start(&path)?, rounds).await?;
    commands(&store, &bare, rounds).await?;
    failures(&store, rounds).await
}

/// The same statements in the same large transactions on all three ways.
#[expect(clippy::print_stdout, reason = "the report is this program's purpose")]
async fn statements(
    store: &Database,
    bare: &Connection,
    hopping: &Hopping,
    rounds: usize,
) -> Result<(), Failure> {
    let mut figures = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        figures[0].push(statements_bare(bare)?);
        figures[1].push(statements_ours(store).await?);
        figures[2].push(statements_hopping(hopping).await?);
    }
    println!("{:>28} {:>12} {:>8}", "statements per second", "", "of bare");
    for (name, way) in ["bare rusqlite", "this crate", "a hop per statement"].iter().zip(&figures) {
        println!("{name:>28} {:>12.0} {:>7.0}%", median(way), share(way, &figures[0]));
    }
    Ok(())
}

/// One command per transaction, beside the same rows in bare transactions of as many commands as there are
/// callers: that is the ceiling, since there commands wait for nobody.
#[expect(clippy::print_stdout, reason = "the report is this program's purpose")]
async fn commands(store: &Database, bare: &Connection, rounds: usize) -> Result<(), Failure> {
    println!(
        "\n{:>28} {:>12} {:>12} {:>12}  of bare    group",
        "commands per second, synced", "bare", "savepoints", "this crate"
    );
    for callers in CALLERS {
        let mut figures = [const { Vec::new() }; 4];
        for _ in 0..rounds {
            figures[0].push(commands_bare(bare, callers, false)?);
            figures[1].push(commands_bare(bare, callers, true)?);
            let (figure, group) = commands_ours(store, callers, i64::MAX).await?;
            figures[2].push(figure);
            figures[3].push(group);
        }
        let [bare, savepoints, ours, group] = figures.each_ref().map(|way| median(way));
        let share = share(&figures[2], &figures[0]);
        println!(
            "{callers:>20} callers {bare:>12.0} {savepoints:>12.0} {ours:>12.0} {share:>7.0}% {group:>8.1}"
        );
    }
    println!("{:>28} {:>12.1?}", "longest commit", store.stats().longest_commit);
    Ok(())
}

/// What it costs when commands fail after they have changed something, so that groups run again.
#[expect(clippy::print_stdout, reason = "the report is this program's purpose")]
async fn failures(store: &Database, rounds: usize) -> Result<(), Failure> {
    println!("\n{:>28} {:>12}  of none", "64 callers, failing late", "this crate");
    let shares = [i64::MAX, 1000, 100, 10];
    let mut figures = shares.map(|_| Vec::new());
    for _ in 0..rounds {
        for (way, one_in) in figures.iter_mut().zip(shares) {
            way.push(commands_ours(store, 64, one_in).await?.0);
        }
    }
    for (way, one_in) in figures.iter().zip(shares) {
        let label = if one_in == i64::MAX { "none".to_owned() } else { format!("1 in {one_in}") };
        println!("{label:>28} {:>12.0} {:>7.0}%", median(way), share(way, &figures[0]));
    }
    Ok(())
}

async fn prepare(path: &Path) -> Result<Database, Error> {
    let store = Database::open(path, &[SCHEMA], Options::default())?;
    store
        .write(async |tx: &mut Transaction| {
            for id in 0..STOCK {
                tx.execute(sql::ADD, params![id, STATE]).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    Ok(store)
}

/// The pragmas of this crate's writer.
fn bare(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

fn statements_bare(connection: &Connection) -> Result<f64, Failure> {
    let begun = Instant::now();
    for transaction in 0..STATEMENTS_PER_ROUND / STATEMENTS_PER_TRANSACTION {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for number in 0..STATEMENTS_PER_TRANSACTION / 3 {
            command_bare(connection, article(transaction * 1000 + number))?;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(per_second(STATEMENTS_PER_ROUND, begun))
}

async fn statements_ours(store: &Database) -> Result<f64, Failure> {
    let begun = Instant::now();
    for transaction in 0..STATEMENTS_PER_ROUND / STATEMENTS_PER_TRANSACTION {
        store
            .write(async move |tx: &mut Transaction| {
                for number in 0..STATEMENTS_PER_TRANSACTION / 3 {
                    command_ours(tx, article(transaction * 1000 + number)).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(per_second(STATEMENTS_PER_ROUND, begun))
}

async fn statements_hopping(hopping: &Hopping) -> Result<f64, Failure> {
    let begun = Instant::now();
    for transaction in 0..STATEMENTS_PER_ROUND / STATEMENTS_PER_TRANSACTION {
        hopping.run(|connection| connection.execute_batch("BEGIN IMMEDIATE")).await?;
        for number in 0..STATEMENTS_PER_TRANSACTION / 3 {
            let id = article(transaction * 1000 + number);
            let version = hopping.run(move |connection| find(connection, id)).await?;
            hopping.run(move |connection| save(connection, id, version)).await?;
            hopping.run(enqueue).await?;
        }
        hopping.run(|connection| connection.execute_batch("COMMIT")).await?;
    }
    Ok(per_second(STATEMENTS_PER_ROUND, begun))
}

/// The rows of as many commands as there are callers, in one transaction each time, with or without a
/// savepoint for each.
fn commands_bare(connection: &Connection, group: usize, savepoints: bool) -> Result<f64, Failure> {
    let begun = Instant::now();
    let mut commands = 0;
    while begun.elapsed() < MEASURED {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..group {
            if savepoints {
                connection.prepare_cached("SAVEPOINT work")?.execute([])?;
            }
            command_bare(connection, article(commands))?;
            if savepoints {
                connection.prepare_cached("RELEASE work")?.execute([])?;
            }
            commands += 1;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(per_second(commands, begun))
}

/// As many tasks as there are callers, each with one command after the other, of which one in `failing`
/// fails at its end; tells the size of groups too.
async fn commands_ours(store: &Database, callers: usize, failing: i64) -> Result<(f64, f64), Failure> {
    let before = store.stats();
    let begun = Instant::now();
    let commands = Arc::new(AtomicI64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, commands) = (store.clone(), Arc::clone(&commands));
        tasks.spawn(async move {
            while begun.elapsed() < MEASURED {
                let number = commands.fetch_add(1, Relaxed);
                let fails = number % failing == failing - 1;
                let work = async move |tx: &mut Transaction| {
                    command_ours(tx, article(number)).await?;
                    if fails { Err(Error::Closed) } else { Ok(()) }
                };
                match store.write(work).await {
                    Err(error) if !fails => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        });
    }
    for done in tasks.join_all().await {
        done?;
    }
    let figure = per_second(commands.load(Relaxed), begun);
    let after = store.stats();
    Ok((figure, (after.committed - before.committed) as f64 / (after.commits - before.commits) as f64))
}

async fn command_ours(tx: &mut Transaction, id: i64) -> Result<(), Error> {
    let (version, _) =
        tx.query_one(sql::FIND, params![id], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?))).await?;
    tx.execute(sql::SAVE, params![id, version, STATE]).await?;
    tx.execute(sql::ENQUEUE, params!["warehouse", PAYLOAD]).await?;
    Ok(())
}

fn command_bare(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    let version = find(connection, id)?;
    save(connection, id, version)?;
    enqueue(connection)
}

fn find(connection: &Connection, id: i64) -> rusqlite::Result<i64> {
    let mut find = connection.prepare_cached(FIND)?;
    find.query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .map(|(version, _)| version)
}

fn save(connection: &Connection, id: i64, version: i64) -> rusqlite::Result<()> {
    connection.prepare_cached(SAVE)?.execute((id, version, STATE)).map(drop)
}

fn enqueue(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(ENQUEUE)?.execute(("warehouse", PAYLOAD)).map(drop)
}

/// A connection on its own thread that is sent one statement at a time, as sqlx does it.
struct Hopping(mpsc::UnboundedSender<Statement>);

type Statement = Box<dyn FnOnce(&Connection) + Send>;

impl Hopping {
    fn start(path: &Path) -> rusqlite::Result<Self> {
        let connection = bare(path)?;
        let (statements, mut queue) = mpsc::unbounded_channel::<Statement>();
        std::thread::spawn(move || {
            while let Some(statement) = queue.blocking_recv() {
                statement(&connection);
            }
        });
        Ok(Self(statements))
    }

    async fn run<T: Send + 'static>(
        &self,
        statement: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let (caller, answer) = oneshot::channel();
        let hop = Box::new(move |connection: &Connection| drop(caller.send(statement(connection))));
        self.0.send(hop).map_err(|_| "the connection's thread has ended")?;
        Ok(answer.await??)
    }
}

/// Spreads over the articles, the same way for everybody.
fn article(number: i64) -> i64 {
    number.wrapping_mul(2_654_435_761).rem_euclid(STOCK)
}

fn per_second(count: i64, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

/// The median of the rounds' ratios, in percent: what else the machine does changes from round to round.
fn share(figures: &[f64], of: &[f64]) -> f64 {
    let ratios: Vec<_> = figures.iter().zip(of).map(|(figure, of)| 100.0 * figure / of).collect();
    median(&ratios)
}

fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
