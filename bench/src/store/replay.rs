//! Everything read from the beginning, and followed.

use std::{path::Path, sync::Arc};

use database::{Database, Kind, Migration, Options, Schema, Transaction, leases, params};
use event_store::{Filter, HandlerError, Ledger, Log, Recorded, Subscription, subscription};
use tokio::time::Instant;

use super::open;
use crate::{Failure, figures::median, model, past, report::Row};

/// How many events there are.
const EVENTS: u64 = 200_000;

pub(super) async fn rows(directory: &Path, rounds: usize) -> Result<Vec<Row>, Failure> {
    let path = directory.join("past.db");
    past::write(&path, EVENTS)?;
    let ledger = open(&path)?;
    let (mut all, mut none, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let began = Instant::now();
        model::read_all(&path)?;
        bare.push(per_second(began));
        all.push(replay(&ledger, &Filter::default(), EVENTS).await?);
        none.push(replay(&ledger, &Filter::default().kinds(&["none"]), 0).await?);
    }
    let followed = follow(&ledger, &directory.join("view.db")).await?;
    ledger.database().close().await;
    Ok(vec![
        Row::new("replay of everything", median(all), "events/s")
            .beside("bare SQLite", median(bare))
            .at_least(300_000.0),
        Row::new("replay past what is filtered out", median(none), "events/s"),
        Row::new("catching up by a subscription, a row for each event", followed, "events/s"),
    ])
}

async fn replay(ledger: &Ledger, filter: &Filter, expected: u64) -> Result<f64, Failure> {
    let (began, mut at, mut events) = (Instant::now(), 0, 0);
    while at < EVENTS {
        let page = ledger.read(at, EVENTS, filter, 1_024).await?;
        events += page.events.len() as u64;
        at = page.scanned;
    }
    if events != expected {
        return Err(format!("{events} events were read, and not {expected}").into());
    }
    Ok(per_second(began))
}

/// A consumer that begins with the oldest event, and does one row for each in a file of its own.
async fn follow(ledger: &Ledger, path: &Path) -> Result<f64, Failure> {
    let database = Database::open(path, &[VIEW, subscription::SCHEMA, leases::SCHEMA], Options::default())?;
    let handler = async |tx: &mut Transaction, events: &[Recorded]| -> Result<(), HandlerError> {
        for event in events {
            tx.execute(NOTE, params![event.stream.as_str(), event.version]).await?;
        }
        Ok(())
    };
    let options = subscription::Options { batch: 4_096, ..subscription::Options::new("one") };
    let log = Arc::new(ledger.clone());
    let mut following = Subscription::new("view", log, database.clone(), Filter::default(), handler, options);
    let (began, mut handled) = (Instant::now(), 0);
    while handled < EVENTS {
        handled += following.step().await?.handled as u64;
    }
    let per_second = per_second(began);
    database.close().await;
    Ok(per_second)
}

fn per_second(began: Instant) -> f64 {
    EVENTS as f64 / began.elapsed().as_secs_f64()
}

const VIEW: Schema = Schema {
    name: "view",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE view (stream TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    }],
};

database::statements! {
    /// The version that a stream is at.
    const NOTE: "INSERT INTO view (stream, version) VALUES ($1, $2)
        ON CONFLICT (stream) DO UPDATE SET version = excluded.version";
}
