//! Single events from many callers, beside the same rows on bare SQLite in groups of the same size.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use contracts::{Currency, Money, ordering::Event};
use database::Transaction;
use event_store::{Append, Expected, Ledger, Metadata, NewEvent, StreamName};
use futures_util::future::try_join_all;
use rusqlite::Connection;
use tokio::time::Instant;
use uuid::Uuid;

use super::open;
use crate::{Failure, figures::median, model, past, report::Row};

const CALLERS: usize = 64;
const STREAMS: u64 = 1_000;

/// Short, so that what else the machine does falls on both ways alike; and both often.
const MEASURED: Duration = Duration::from_millis(500);
const TURNS: usize = 3;

pub(super) async fn rows(directory: &Path, rounds: usize) -> Result<Vec<Row>, Failure> {
    let ledger = open(&directory.join("ours.db"))?;
    open(&directory.join("bare.db"))?.database().close().await;
    let bare = model::open(&directory.join("bare.db"))?;
    let (mut ours, mut ceiling, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    let number = AtomicU64::new(1);
    for _ in 0..rounds * TURNS {
        let before = ledger.database().stats();
        ours.push(append(&ledger, &number).await?);
        let after = ledger.database().stats();
        #[expect(clippy::cast_precision_loss, reason = "counts of half a second")]
        let group =
            (after.committed - before.committed) as f64 / (after.commits - before.commits).max(1) as f64;
        ceiling.push(append_bare(&bare, group)?);
        groups.push(group);
    }
    ledger.database().close().await;
    let ceiling = median(ceiling);
    let name = format!("append one event, {CALLERS} callers, {:.0} in a commit", median(groups));
    let row = Row::new(name, median(ours), "events/s").beside("bare SQLite", ceiling);
    Ok(vec![row.at_least(f64::min(10_000.0, 0.6 * ceiling))])
}

fn event() -> Result<Event, Failure> {
    Ok(Event::LineAdded {
        sku: "TEA-EARL-GREY-100".parse()?,
        name: "Earl Grey, 100 g".parse()?,
        unit_price: Money::new(1_299, Currency::EUR)?,
        quantity: 2.try_into()?,
    })
}

fn stream(number: u64) -> Result<StreamName, Failure> {
    let id = Uuid::from_u128(u128::from(number % STREAMS) << 64 | 0x7c3a);
    Ok(StreamName::new(published::category::ORDER, &id.to_string())?)
}

/// Events per second of callers whose next follows the answer to the last.
async fn append(ledger: &Ledger, number: &AtomicU64) -> Result<f64, Failure> {
    let (began, first) = (Instant::now(), number.load(Relaxed));
    let types = published::orders();
    let (encoded, because) = (types.encode(&event()?)?, because());
    let writer = ledger.writer(&[published::category::ORDER])?;
    let caller = async || {
        while began.elapsed() < MEASURED {
            let number = number.fetch_add(1, Relaxed);
            let id = Uuid::from_u128(u128::from(number) << 64);
            let event = NewEvent::from_json(id, &encoded.kind, encoded.schema_version, encoded.data.clone())?;
            let append = [Append { stream: stream(number)?, expected: Expected::Any, events: vec![event] }];
            let (writer, because) = (writer.clone(), because.clone());
            let work = async move |tx: &mut Transaction| writer.append(tx, &append, &because).await;
            ledger.database().write(work).await?;
        }
        Ok::<_, Failure>(())
    };
    try_join_all((0..CALLERS).map(|_| caller())).await?;
    #[expect(clippy::cast_precision_loss, reason = "a count of half a second")]
    let appended = (number.load(Relaxed) - first) as f64;
    Ok(appended / began.elapsed().as_secs_f64())
}

fn because() -> Arc<Metadata> {
    Arc::new(Metadata {
        actor: Some("customer".to_owned()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        causation_id: Some(Uuid::from_u128(1 << 64)),
        correlation_id: Some(Uuid::from_u128(2 << 64)),
    })
}

/// The same rows in transactions of as many; versions and positions are known beforehand, so that nothing is read.
fn append_bare(connection: &Connection, group: f64) -> Result<f64, Failure> {
    const AT: i64 = 1_767_225_600_000_000;
    let last = "SELECT coalesce(max(position), 0) FROM ledger_events";
    let first = connection.query_row(last, [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    // The callers of the store make theirs on another processor meanwhile.
    let encoded = published::orders().encode(&event()?)?;
    let event = |number| Ok::<_, Failure>(past::Event { stream: stream(number)?, encoded: encoded.clone() });
    let events = (0..STREAMS).map(event).collect::<Result<Vec<_>, _>>()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a group has some works")]
    let group = group.round().max(1.0) as u64;
    let (began, mut position) = (Instant::now(), first);
    while began.elapsed() < MEASURED {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..group {
            position += 1;
            let (event, version) = (&events[(position % STREAMS) as usize], position / STREAMS + 1);
            past::insert(connection, position, version, AT, event)?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of half a second")]
    let appended = (position - first) as f64;
    Ok(appended / began.elapsed().as_secs_f64())
}
