//! What the ledger carries, beside what the machine does.
//!
//! `cargo run --release -p event-store --example throughput [ROUNDS]` appends single events from 64 callers and, in the
//! same rounds, the same rows by bare rusqlite in groups of as many; reads streams of 1,000 events that nobody has in
//! memory, with and without a snapshot, and some that a grid has; and reads everything from the beginning. Files are in the directory that `TMPDIR`
//! names, every commit is synced, and figures are medians.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use aggregate::{Aggregate, Change};
use database::{Database, Kind, Migration, Options, Schema, Transaction};
use event_store::snapshots::Policy;
use event_store::{
    Append, EventSourced, EventTypes, Expected, Filter, Grid, HandlerError, Ledger, Log as _, Metadata,
    NewEvent, Recorded, Repository, StreamName, Subscription, grid, subscription,
};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

const CALLERS: u64 = 64;
const STREAMS: u64 = 1_000;
/// Short, so that what else the machine does falls on both ways alike.
const MEASURED: Duration = Duration::from_millis(500);
const LENGTH: usize = 1_000;
const COLD_STREAMS: u64 = 40;
const REPLAYED: u64 = 200_000;
const DATA: &str = r#"{"event":"line_added","sku":"TEA-EARL-GREY-100","name":"Earl Grey, 100 g","unit_price":{"amount":1299,"currency":"EUR"},"quantity":2}"#;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(9), |rounds| rounds.parse())?;
    let directory = tempfile::tempdir()?;
    println!("{CALLERS} callers, events of {} bytes, synchronous=FULL, {rounds} rounds", DATA.len());
    appends(directory.path(), rounds).await?;
    cold_reads(directory.path()).await?;
    replay(directory.path(), rounds).await?;
    follow(directory.path()).await
}

fn open(path: &Path) -> Result<Ledger, Failure> {
    Ok(Ledger::new(Database::open(path, &[event_store::SCHEMA], Options::default())?))
}

async fn appends(directory: &Path, rounds: usize) -> Result<(), Failure> {
    let ledger = open(&directory.join("ours.db"))?;
    let path = directory.join("bare.db");
    open(&path)?.database().close().await;
    let bare = bare(&path)?;
    let (mut ours, mut ceiling, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    let number = Arc::new(AtomicU64::new(1));
    let before = ledger.database().stats();
    for _ in 0..rounds {
        let (us, them) = (append_ours(&ledger, &number).await?, append_bare(&bare)?);
        ours.push(us);
        ceiling.push(them);
        shares.push(100.0 * us / them);
    }
    let after = ledger.database().stats();
    let group = (after.committed - before.committed) as f64 / (after.commits - before.commits) as f64;
    println!("{:>44} {:>10.0} /s", "append, bare rusqlite", median(&mut ceiling));
    println!("{:>44} {:>10.0} /s", "append, the ledger", median(&mut ours));
    println!("{:>44} {:>10.0} %  (groups of {group:.0})", "of bare", median(&mut shares));
    Ok(())
}

async fn append_ours(ledger: &Ledger, number: &Arc<AtomicU64>) -> Result<f64, Failure> {
    let (begun, first) = (Instant::now(), number.load(Relaxed));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (ledger, number, writer) = (ledger.clone(), Arc::clone(number), ledger.writer(&["order"])?);
        callers.spawn(async move {
            while begun.elapsed() < MEASURED {
                let number = number.fetch_add(1, Relaxed);
                let event = NewEvent::from_json(id(number), "line_added", 1, DATA.to_owned())?;
                let stream = stream(number % STREAMS)?;
                let append = [Append { stream, expected: Expected::Any, events: vec![event] }];
                let (writer, because) = (writer.clone(), because());
                let work = async move |tx: &mut Transaction| writer.append(tx, &append, &because).await;
                ledger.database().write(work).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    callers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    Ok((number.load(Relaxed) - first) as f64 / begun.elapsed().as_secs_f64())
}

/// The same rows, in transactions of as many as there are callers; the versions and positions are known beforehand, so that
/// nothing is read.
fn append_bare(connection: &Connection) -> Result<f64, Failure> {
    let last = "SELECT coalesce(max(position), 0) FROM ledger_events";
    let first = connection.query_row(last, [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    let (begun, mut position) = (Instant::now(), first);
    while begun.elapsed() < MEASURED {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..CALLERS {
            position += 1;
            insert_bare(connection, position, &stream(position % STREAMS)?, position / STREAMS + 1)?;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok((position - first) as f64 / begun.elapsed().as_secs_f64())
}

fn insert_bare(
    connection: &Connection,
    position: u64,
    stream: &StreamName,
    version: u64,
) -> Result<(), Failure> {
    let because = because();
    connection
        .prepare_cached(
            "INSERT INTO ledger_events VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
        )?
        .execute(params![
            position.cast_signed(),
            stream.as_str(),
            version.cast_signed(),
            stream.category(),
            u32::from(stream.partition()),
            "line_added",
            1,
            id(position).as_bytes(),
            1_767_225_600_000_000_i64,
            1_767_225_600_000_000_i64,
            because.actor,
            because.traceparent,
            because.causation_id.map(Uuid::into_bytes),
            because.correlation_id.map(Uuid::into_bytes),
            DATA
        ])?;
    Ok(())
}

/// Streams of which nothing is in memory: the handle is new.
async fn cold_reads(directory: &Path) -> Result<(), Failure> {
    let path = directory.join("cold.db");
    let ledger = open(&path)?;
    let (orders, snapshotter) = orders(&ledger)?;
    for number in 0..COLD_STREAMS {
        fill(&ledger, &orders, number).await?;
    }
    ledger.database().close().await;
    let (whole, hot) = load_all(&path).await?;

    let ledger = open(&path)?;
    let again = self::orders(&ledger)?;
    drop((orders, snapshotter));
    for number in 0..COLD_STREAMS {
        load(&ledger, &again.0, number).await?;
        again.1.take_one().await?;
    }
    ledger.database().close().await;
    let (snapshot, hot_snapshot) = load_all(&path).await?;
    println!("{:>44} {whole:>10.2?}  (a second time {hot:.2?})", "load 1,000 events by a new handle");
    println!(
        "{:>44} {snapshot:>10.2?}  (a second time {hot_snapshot:.2?})",
        "load them with a snapshot of all"
    );
    hot_reads(&path).await
}

/// Aggregates that a grid has in memory: exact in a transaction, and as remembered.
async fn hot_reads(path: &Path) -> Result<(), Failure> {
    const TIMES: u64 = 20_000;
    let ledger = open(path)?;
    let (grid, _) = Grid::new(orders(&ledger)?.0, &ledger, grid::Options::default());
    let (asked, mut exact) = (grid.clone(), Vec::new());
    let all = async move |tx: &mut Transaction| {
        let mut took = Vec::new();
        for number in 0..TIMES {
            let begun = Instant::now();
            let loaded = aggregate::Repository::load(&asked, tx, &[number % COLD_STREAMS], &()).await?;
            took.push(begun.elapsed());
            assert_eq!(loaded[0].version, LENGTH as u64);
        }
        Ok::<_, database::Error>(took)
    };
    // The first of all puts them into memory, once it has ended.
    for _ in 0..2 {
        exact = ledger.database().read(all.clone()).await?;
    }
    exact.sort_unstable();
    let mut remembered = Vec::new();
    for number in 0..TIMES {
        let begun = Instant::now();
        assert!(grid.remembered(&(number % COLD_STREAMS), &()).is_some());
        remembered.push(begun.elapsed());
    }
    remembered.sort_unstable();
    let middle = TIMES as usize / 2;
    println!(
        "{:>44} {:>10.2?}  (as remembered {:.2?})",
        "load them from memory, with the tail", exact[middle], remembered[middle]
    );
    ledger.database().close().await;
    Ok(())
}

/// The median time of loading each stream once by a new handle, and of loading each once more.
async fn load_all(path: &Path) -> Result<(Duration, Duration), Failure> {
    let ledger = open(path)?;
    let (orders, _) = orders(&ledger)?;
    let mut passes = [Vec::new(), Vec::new()];
    for pass in &mut passes {
        for number in 0..COLD_STREAMS {
            let begun = Instant::now();
            load(&ledger, &orders, number).await?;
            pass.push(begun.elapsed());
        }
        pass.sort_unstable();
    }
    ledger.database().close().await;
    let [cold, warm] = passes;
    Ok((cold[cold.len() / 2], warm[warm.len() / 2]))
}

async fn load(ledger: &Ledger, orders: &Repository<Order>, number: u64) -> Result<(), Failure> {
    let orders = orders.clone();
    let work = async move |tx: &mut Transaction| {
        aggregate::Repository::load(&orders, tx, &[number], &()).await.map(|loaded| loaded[0].version)
    };
    assert_eq!(ledger.database().read::<_, database::Error, _>(work).await?, LENGTH as u64);
    Ok(())
}

async fn fill(ledger: &Ledger, orders: &Repository<Order>, number: u64) -> Result<(), Failure> {
    let event = Event::LineAdded {
        sku: "TEA-EARL-GREY-100".to_owned(),
        name: "Earl Grey, 100 g".to_owned(),
        unit_price: Money { amount: 1_299, currency: "EUR".to_owned() },
        quantity: 2,
    };
    let (orders, state) = (orders.clone(), Order::default());
    let change =
        Change { id: number, expected: 0, events: vec![event; LENGTH], before: state.clone(), after: state };
    let work = async move |tx: &mut Transaction| {
        aggregate::Repository::save(&orders, tx, std::slice::from_ref(&change)).await
    };
    Ok(ledger.database().write::<_, database::Error, _>(work).await?)
}

async fn replay(directory: &Path, rounds: usize) -> Result<(), Failure> {
    let path = directory.join("replay.db");
    open(&path)?.database().close().await;
    let connection = bare(&path)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for position in 1..=REPLAYED {
        insert_bare(&connection, position, &stream(position % STREAMS)?, position / STREAMS + 1)?;
    }
    connection.execute_batch("COMMIT")?;
    let ledger = open(&path)?;
    for (what, filter, expected) in [
        ("replay of everything", Filter::default(), REPLAYED),
        ("replay past what is filtered out", Filter::default().kinds(&["none"]), 0),
    ] {
        let mut rates = Vec::new();
        for _ in 0..rounds {
            let (begun, mut at, mut events) = (Instant::now(), 0, 0);
            while at < REPLAYED {
                let page = ledger.read(at, REPLAYED, &filter, 1_024).await?;
                events += page.events.len() as u64;
                at = page.scanned;
            }
            assert_eq!(events, expected);
            rates.push(REPLAYED as f64 / begun.elapsed().as_secs_f64());
        }
        println!("{what:>44} {:>10.0} /s", median(&mut rates));
    }
    Ok(())
}

/// A consumer that begins with the oldest event, and does one row for each in a file of its own.
async fn follow(directory: &Path) -> Result<(), Failure> {
    let ledger = open(&directory.join("replay.db"))?;
    let schemas = [VIEW, subscription::SCHEMA, database::leases::SCHEMA];
    let db = Database::open(&directory.join("view.db"), &schemas, Options::default())?;
    let handler = async |tx: &mut Transaction, events: &[Recorded]| -> Result<(), HandlerError> {
        for event in events {
            tx.execute(view::NOTE, database::params![event.stream.as_str(), event.version]).await?;
        }
        Ok(())
    };
    let options = subscription::Options { batch: 4_096, ..subscription::Options::new("one") };
    let log = Arc::new(ledger.clone());
    let mut following = Subscription::new("view", log, db.clone(), Filter::default(), handler, options);
    let (begun, mut handled) = (Instant::now(), 0);
    while handled < REPLAYED {
        handled += following.step().await?.handled as u64;
    }
    let rate = REPLAYED as f64 / begun.elapsed().as_secs_f64();
    println!("{:>44} {rate:>10.0} /s  (16 segments, a row for each)", "catching up by a subscription");
    Ok(())
}

const VIEW: Schema = Schema {
    name: "view",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE view (stream TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    }],
};

mod view {
    database::statements! {
        /// The version that a stream is at.
        pub const NOTE: "
            INSERT INTO view (stream, version) VALUES ($1, $2)
            ON CONFLICT (stream) DO UPDATE SET version = excluded.version";
    }
}

/// The pragmas of a store's writer.
fn bare(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

fn stream(number: u64) -> Result<StreamName, Failure> {
    Ok(StreamName::new("order", &Uuid::from_u128(u128::from(number) << 64 | 0x7c3a).to_string())?)
}

/// Ascending, as ids are that begin with a time.
fn id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number) << 64)
}

fn because() -> Metadata {
    Metadata {
        actor: Some("customer".to_owned()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        causation_id: Some(id(1)),
        correlation_id: Some(id(2)),
    }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Order {
    lines: u64,
    total: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Money {
    amount: i64,
    currency: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    LineAdded { sku: String, name: String, unit_price: Money, quantity: u32 },
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Order {
    const NAME: &'static str = "order";
    type Id = u64;
    type Scope = ();
    type Command = ();
    type Event = Event;
    type Refusal = Never;

    fn decide(&self, (): &()) -> Result<Vec<Event>, Never> {
        Ok(vec![])
    }

    fn evolve(&mut self, event: &Event) {
        let Event::LineAdded { unit_price, quantity, .. } = event;
        self.lines += 1;
        self.total = self.total.saturating_add(unit_price.amount.saturating_mul(i64::from(*quantity)));
    }
}

impl EventSourced for Order {
    const STATE_SCHEMA: &'static str = "1";

    fn event_types() -> EventTypes<Event> {
        EventTypes::new().kind("line_added", &[])
    }

    fn stream_id(id: &u64) -> String {
        id.to_string()
    }

    fn id_of(stream: &event_store::StreamName) -> Option<u64> {
        stream.id().parse().ok()
    }
}

fn orders(
    ledger: &Ledger,
) -> Result<(Repository<Order>, event_store::snapshots::Snapshotter<Order>), Failure> {
    let next = AtomicU64::new(1);
    // Each repository of this program makes the ids of other streams.
    let made_at = ledger.database().now();
    let ids = move || {
        Uuid::from_u128(u128::from(made_at.unsigned_abs()) << 64 | u128::from(next.fetch_add(1, Relaxed)))
    };
    Ok(Repository::new(ledger, ids)?.with_snapshots(ledger, Policy::default()))
}
