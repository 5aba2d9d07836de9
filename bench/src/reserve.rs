//! One service's command: the warehouse reserves stock for many callers at a time.

use std::{path::Path, time::Duration};

use contracts::{
    Count, Currency, Line, Money, Name, OrderId, Quantity, Sku,
    warehouse::{Command, Reply},
};
use database::{Database, Options, Transaction};
use futures_util::future::try_join_all;
use journal::{Cause, Recording, because};
use tokio::time::Instant;
use uuid::Uuid;
use warehouse::{
    application::{Addition, Application, Products},
    store::Rows,
};

use crate::{
    Failure,
    figures::{median, quantile},
    model,
    report::Row,
};

const CALLERS: usize = 64;
const PRODUCTS: usize = 256;
const MEASURED: Duration = Duration::from_secs(2);

/// What one round has seen.
struct Seen {
    per_second: f64,
    p99_ms: f64,
    group: f64,
}

/// Measures the command beside the same statements on bare SQLite, in groups of the size that the command's had.
pub(crate) async fn rows(rounds: usize) -> Result<Vec<Row>, Failure> {
    let mut ours = Vec::new();
    let mut bare = Vec::new();
    for _ in 0..rounds {
        let seen = round().await?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a group has some works")]
        let group = seen.group.round() as usize;
        bare.push(tokio::task::spawn_blocking(move || ceiling(group)).await??);
        ours.push(seen);
    }
    let ceiling = median(bare);
    let each = |read: fn(&Seen) -> f64| median(ours.iter().map(read));
    let name = format!("reserve stock, {CALLERS} callers, {:.0} in a commit", each(|it| it.group));
    let rate = Row::new(name, each(|it| it.per_second), "commands/s").beside("bare SQLite", ceiling);
    let p99 = Row::new("reserve stock, p99", each(|it| it.p99_ms), "ms");
    Ok(vec![rate.at_least(f64::min(10_000.0, 0.6 * ceiling)), p99.at_most(20.0)])
}

async fn round() -> Result<Seen, Failure> {
    let directory = tempfile::tempdir()?;
    let (database, application) = warehouse_in(&directory.path().join("ours.db")).await?;
    let before = database.stats();
    let began = Instant::now();
    let callers = (0..CALLERS).map(|caller| call(caller, &database, &application, began));
    let mut took: Vec<f64> = try_join_all(callers).await?.concat();
    let per_second = took.len() as f64 / began.elapsed().as_secs_f64();
    let after = database.stats();
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let group = (after.committed - before.committed) as f64 / (after.commits - before.commits).max(1) as f64;
    database.close().await;
    Ok(Seen { per_second, p99_ms: quantile(&mut took, 0.99) * 1000.0, group })
}

/// The same database, with the same products, by itself.
fn ceiling(group: usize) -> Result<f64, Failure> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("bare.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (database, _) = warehouse_in(&path).await?;
        database.close().await;
        Ok::<_, Failure>(())
    })?;
    model::reservations(&path, &(0..PRODUCTS).map(sku_text).collect::<Vec<_>>(), group)
}

/// A warehouse with plenty of many products.
async fn warehouse_in(path: &Path) -> Result<(Database, Application), Failure> {
    let database = Database::open(path, model::SCHEMAS, Options::default())?;
    let application = Application::new(Products::new(Recording::new(Rows)));
    let name: Name = "Green tea".parse()?;
    let unit_price = Money::new(1299, "EUR".parse::<Currency>()?)?;
    for number in 0..PRODUCTS {
        let (sku, on_hand) = (sku_text(number).parse()?, Count::new(1_000_000_000)?);
        let addition = Addition { sku, name: name.clone(), unit_price, on_hand };
        let application = application.clone();
        database.write(async move |tx: &mut Transaction| application.add(tx, &addition).await).await?;
    }
    Ok((database, application))
}

fn sku_text(number: usize) -> String {
    format!("SKU-{number}")
}

/// One caller, whose next command follows the answer to its last; tells how long each took.
async fn call(
    caller: usize,
    database: &Database,
    application: &Application,
    began: Instant,
) -> Result<Vec<f64>, Failure> {
    let mut took = Vec::new();
    while began.elapsed() < MEASURED {
        let number = took.len();
        let order = OrderId::new(Uuid::from_u128((caller as u128) << 64 | number as u128));
        let sku: Sku = sku_text((caller * 31 + number) % PRODUCTS).parse()?;
        let lines = vec![Line { sku, quantity: Quantity::new(1)? }];
        let command = Command::ReserveStock { order_id: order, lines };
        let cause = Cause::default().about(order.uuid());
        let application = application.clone();
        let asked = Instant::now();
        let reply = database.write(async move |tx: &mut Transaction| {
            because(tx, &cause);
            application.handle(tx, &command).await
        });
        if reply.await? != Reply::StockReserved {
            return Err("stock was refused".into());
        }
        took.push(asked.elapsed().as_secs_f64());
    }
    Ok(took)
}
