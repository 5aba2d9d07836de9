//! Gauges of what waits: in the outbox, among the dead letters, and whatever else a service looks up now and then.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use database::{
    Database, Error, Transaction,
    leases::{self, Lease},
};
use messaging::{dead_letters, outbox};
use prometheus::IntGaugeVec;
use saga::tasks;

use crate::{
    metrics::{self, Metrics},
    service::Service,
    shutdown::Drain,
};

/// How often the gauges are read. A look counts what waits, so that it costs more the more there is: an index entry for each
/// message in the outbox, each task, and each saga that is under way, read beside the writer.
const EVERY: Duration = Duration::from_secs(5);

/// Shows what waits in the outbox and among the dead letters, and who holds the database's leases.
///
/// # Errors
/// The App shows them already.
pub fn watch(service: &mut Service, database: &Database) -> Result<(), metrics::Error> {
    let metrics = service.metrics().clone();
    service.obligations().owe_in("outbox", database, async |tx: &mut Transaction| outbox::waiting(tx).await);
    let help = "How long the message that waits longest in the outbox has waited.";
    let oldest = metrics.float_gauge("outbox_oldest_seconds", help, &[])?;
    let help = "Messages that could not be handled, and wait for a retry or an operator.";
    let parked = metrics.gauge("dead_letters_parked", help, &[])?;
    let help = "Messages in the outbox that are not confirmed yet.";
    let waiting = metrics.gauge("outbox_messages", help, &[])?;
    let help = "Keys of which a message could not be sent, so that all their messages wait.";
    let held = metrics.gauge("outbox_held_keys", help, &[])?;
    let leases = Leases::new(&metrics, &service.platform().instance)?;
    sample(
        service,
        "backlog",
        database,
        async |tx| Looked::look(tx).await,
        move |looked| {
            let set = |gauge: &IntGaugeVec, count: u64| {
                gauge.with_label_values::<&str>(&[]).set(i64::try_from(count).unwrap_or(i64::MAX));
            };
            oldest.with_label_values::<&str>(&[]).set(looked.oldest);
            set(&parked, looked.parked);
            set(&waiting, looked.waiting);
            set(&held, looked.held);
            leases.set(looked.now, &looked.leases);
        },
    );
    Ok(())
}

/// Shows how many durable tasks of these kinds are to be done, and owes them before the App may go.
///
/// # Errors
/// The App shows some already.
pub fn watch_tasks(
    service: &mut Service,
    database: &Database,
    kinds: &'static [&'static str],
) -> Result<(), metrics::Error> {
    let count = |kind| async move |tx: &mut Transaction| Ok(tasks::count(tx, kind).await?.unsigned_abs());
    for kind in kinds {
        service.obligations().owe_in(kind, database, count(*kind));
    }
    let help = "Durable tasks that are to be done, now or later.";
    let waiting = service.metrics().gauge("tasks_waiting", help, &["kind"])?;
    let read = async move |tx: &mut Transaction| {
        let mut counts = Vec::with_capacity(kinds.len());
        for kind in kinds {
            counts.push(tasks::count(tx, kind).await?);
        }
        Ok(counts)
    };
    sample(service, "tasks", database, read, move |counts| {
        for (kind, count) in kinds.iter().zip(counts) {
            waiting.with_label_values(&[*kind]).set(count);
        }
    });
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

/// What a look finds.
struct Looked {
    now: i64,
    oldest: f64,
    waiting: u64,
    held: u64,
    parked: u64,
    leases: Vec<Lease>,
}

impl Looked {
    async fn look(tx: &mut Transaction) -> Result<Self, Error> {
        Ok(Self {
            now: tx.now(),
            oldest: age(tx.now(), outbox::oldest(tx).await?),
            waiting: outbox::waiting(tx).await?,
            held: outbox::held_keys(tx).await?,
            parked: dead_letters::count(tx).await?,
            leases: leases::all(tx).await?,
        })
    }
}

/// Who does what only one replica does at a time.
struct Leases {
    holder: Arc<str>,
    held: IntGaugeVec,
    changes: Arc<Mutex<Vec<Lease>>>,
}

impl Leases {
    fn new(metrics: &Metrics, holder: &Arc<str>) -> Result<Self, metrics::Error> {
        let help = "Whether this replica plays the role: 1, or 0.";
        let held = metrics.gauge("lease_held", help, &["role"])?;
        let changes: Arc<Mutex<Vec<Lease>>> = Arc::default();
        let (shown, help) = (
            changes.clone(),
            "How often the role has changed hands; a replica that was started anew is another one.",
        );
        metrics.read_counter("lease_changes_total", help, &["role"], move |samples| {
            for lease in shown.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                // The first to have it took it from nobody.
                samples.count(&[&lease.role], lease.number.saturating_sub(1));
            }
        })?;
        Ok(Self { holder: holder.clone(), held, changes })
    }

    fn set(&self, now: i64, leases: &[Lease]) {
        for lease in leases {
            let held = *lease.holder == *self.holder && lease.expires_at > now;
            self.held.with_label_values(&[&lease.role]).set(i64::from(held));
        }
        *self.changes.lock().unwrap_or_else(PoisonError::into_inner) = leases.to_vec();
    }
}
