//! Gauges of what waits: in the outbox, among the dead letters, and whatever else a service looks up now and then.

use std::time::Duration;

use database::{Database, Error, Transaction};
use messaging::{dead_letters, outbox};

use crate::{
    metrics::{self, Metrics},
    service::Service,
    shutdown::Drain,
};

/// How often the gauges are read: a look costs a read of each index's end.
const EVERY: Duration = Duration::from_secs(5);

/// Shows `outbox_oldest_seconds`, `dead_letters_parked` and the counts of the database.
///
/// # Errors
/// The App shows them already.
pub fn watch(service: &mut Service, database: &Database) -> Result<(), metrics::Error> {
    let metrics = service.metrics().clone();
    let help = "How long the message that waits longest in the outbox has waited.";
    let oldest = metrics.float_gauge("outbox_oldest_seconds", help, &[])?;
    let help = "Messages that could not be handled, and wait for a retry or an operator.";
    let parked = metrics.gauge("dead_letters_parked", help, &[])?;
    let counts = Counts::new(&metrics)?;
    let watched = database.clone();
    sample(
        service,
        "backlog",
        database,
        async |tx| Ok((age(tx.now(), outbox::oldest(tx).await?), dead_letters::count(tx).await?)),
        move |(age, count)| {
            oldest.with_label_values::<&str>(&[]).set(age);
            parked.with_label_values::<&str>(&[]).set(i64::try_from(count).unwrap_or(i64::MAX));
            counts.set(&watched);
        },
    );
    Ok(())
}

/// Reads something every few seconds, in one snapshot, and shows it.
pub fn sample<T, R, S>(service: &mut Service, name: &'static str, database: &Database, read: R, show: S)
where
    T: Send + 'static,
    R: AsyncFn(&mut Transaction) -> Result<T, Error> + Clone + Send + Sync + 'static,
    S: Fn(T) + Send + Sync + 'static,
{
    let database = database.clone();
    service.spawn(name, move |drain: Drain| async move {
        loop {
            match database.read(read.clone()).await {
                Ok(read) => show(read),
                Err(error) => tracing::debug!(name, error = &error as &dyn std::error::Error, "cannot look"),
            }
            if !drain.sleep(EVERY).await {
                return;
            }
        }
    });
}

/// How long ago something was, in seconds; zero if it never was.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a gauge is read by people")]
pub fn age(now: i64, since: Option<i64>) -> f64 {
    since.map_or(0.0, |since| now.saturating_sub(since).max(0) as f64 / 1e6)
}

struct Counts(prometheus::IntGaugeVec);

impl Counts {
    fn new(metrics: &Metrics) -> Result<Self, metrics::Error> {
        let help = "What the database has done since it was opened, by what it counts.";
        metrics.gauge("database_works", help, &["count"]).map(Self)
    }

    fn set(&self, database: &Database) {
        let stats = database.stats();
        for (name, count) in [
            ("commits", stats.commits),
            ("committed", stats.committed),
            ("rolled_back", stats.rolled_back),
            ("largest_group", stats.largest_group),
            ("reads", stats.reads),
            ("queued_writes", stats.queued_writes),
            ("queued_reads", stats.queued_reads),
        ] {
            self.0.with_label_values(&[name]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}
