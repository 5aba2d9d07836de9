//! Orders of 1,000 events each: folded cold, from a snapshot, and hot in memory.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use aggregate::{Change, Repository as _};
use contracts::{Currency, CustomerId, Money, OrderId, Sku, Timestamp, ordering::Event};
use database::{Error, Transaction};
use event_store::{
    Grid, Ledger, Repository, grid,
    snapshots::{Policy, Snapshotter},
};
use ordering::domain::Order;
use tokio::time::Instant;
use uuid::Uuid;

use super::open;
use crate::{Failure, figures::median, model, report::Row};

/// Events of each stream, and how many streams there are.
const LENGTH: u64 = 1_000;
const STREAMS: u64 = 40;

/// How often streams are loaded that are in memory.
const TIMES: u64 = 20_000;

/// Every stream is loaded once by a handle that has not read anything before, and the median is told.
pub(super) async fn rows(directory: &Path) -> Result<Vec<Row>, Failure> {
    let path = directory.join("streams.db");
    let ledger = open(&path)?;
    let (orders, snapshotter) = orders(&ledger)?;
    for number in 0..STREAMS {
        fill(&ledger, &orders, number).await?;
    }
    ledger.database().close().await;
    drop(snapshotter);
    let cold = load_all(&path).await?;
    let bare = read_all(&path)?;

    let ledger = open(&path)?;
    let (orders, snapshotter) = self::orders(&ledger)?;
    for number in 0..STREAMS {
        load(&ledger, &orders, number).await?;
        snapshotter.take_one().await?;
    }
    ledger.database().close().await;
    let from_snapshot = load_all(&path).await?;
    let hot = hot(&path).await?;
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    Ok(vec![
        Row::new("an order of 1,000 events, cold", millis(cold), "ms")
            .beside("bare SQLite", millis(bare))
            .at_most(5.0),
        Row::new("the same with a snapshot", millis(from_snapshot), "ms").at_most(1.0),
        Row::new("the same in memory, exact", millis(hot) * 1_000.0, "µs").at_most(50.0),
    ])
}

fn orders(ledger: &Ledger) -> Result<(Repository<Order>, Snapshotter<Order>), Failure> {
    // Each repository of this program makes the ids of other events.
    let (began, next) = (ledger.database().now(), AtomicU64::new(1));
    let ids = move || {
        Uuid::from_u128(u128::from(began.unsigned_abs()) << 64 | u128::from(next.fetch_add(1, Relaxed)))
    };
    Ok(Repository::new(ledger, ids)?.with_snapshots(ledger, Policy::default()))
}

fn order(number: u64) -> OrderId {
    OrderId::new(Uuid::from_u128(u128::from(number) << 64 | 0x7c3a))
}

/// An order of one line, whose quantity somebody cannot decide on.
async fn fill(ledger: &Ledger, orders: &Repository<Order>, number: u64) -> Result<(), Failure> {
    let sku: Sku = "TEA-EARL-GREY-100".parse()?;
    let mut events = vec![
        Event::Created {
            customer_id: CustomerId::new(Uuid::from_u128(1)),
            reference: None,
            at: Timestamp::from_micros(0),
        },
        Event::LineAdded {
            sku: sku.clone(),
            name: "Earl Grey, 100 g".parse()?,
            unit_price: Money::new(1_299, Currency::EUR)?,
            quantity: 1.try_into()?,
        },
    ];
    for quantity in 2..i64::try_from(LENGTH)? {
        events.push(Event::LineChanged { sku: sku.clone(), quantity: quantity.try_into()? });
    }
    let (before, after) = (Order::default(), Order::default());
    let (orders, change) = (orders.clone(), Change { id: order(number), expected: 0, events, before, after });
    let work = async move |tx: &mut Transaction| orders.save(tx, std::slice::from_ref(&change)).await;
    Ok(ledger.database().write::<_, Error, _>(work).await?)
}

/// The median time of loading each stream once by a new handle.
async fn load_all(path: &Path) -> Result<Duration, Failure> {
    let ledger = open(path)?;
    let (orders, _) = orders(&ledger)?;
    let mut took = Vec::new();
    for number in 0..STREAMS {
        let began = Instant::now();
        load(&ledger, &orders, number).await?;
        took.push(began.elapsed().as_secs_f64());
    }
    ledger.database().close().await;
    Ok(Duration::from_secs_f64(median(took)))
}

/// The median time of reading the events of each stream once by a new connection.
fn read_all(path: &Path) -> Result<Duration, Failure> {
    let connection = model::open(path)?;
    let mut took = Vec::new();
    for number in 0..STREAMS {
        let began = Instant::now();
        model::read_stream(&connection, Repository::<Order>::stream(&order(number))?.as_str())?;
        took.push(began.elapsed().as_secs_f64());
    }
    Ok(Duration::from_secs_f64(median(took)))
}

async fn load(ledger: &Ledger, orders: &Repository<Order>, number: u64) -> Result<(), Failure> {
    let orders = orders.clone();
    let work = async move |tx: &mut Transaction| orders.load(tx, &[order(number)], &()).await;
    let loaded = ledger.database().read::<_, Error, _>(work).await?;
    if loaded.first().is_some_and(|order| order.version == LENGTH) {
        Ok(())
    } else {
        Err("an order was not loaded as it was saved".into())
    }
}

/// The median time of loading one of those that a grid has in memory, in a transaction: exact.
async fn hot(path: &Path) -> Result<Duration, Failure> {
    let ledger = open(path)?;
    let (grid, _) = Grid::new(orders(&ledger)?.0, &ledger, grid::Options::default());
    let all = async move |tx: &mut Transaction| {
        let mut took = Vec::new();
        for number in 0..TIMES {
            let began = Instant::now();
            grid.load(tx, &[order(number % STREAMS)], &()).await?;
            took.push(began.elapsed().as_secs_f64());
        }
        Ok::<_, Error>(median(took))
    };
    // The first of all puts them into memory, once it has ended.
    ledger.database().read(all.clone()).await?;
    let hot = ledger.database().read(all).await?;
    ledger.database().close().await;
    Ok(Duration::from_secs_f64(hot))
}
