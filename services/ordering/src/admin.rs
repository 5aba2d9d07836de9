//! What ordering shows on its admin port beside probes and metrics: what it owns, and its sagas.

use axum::{Json, Router, extract::State, routing::get};
use chassis::{backlog, extract::Path, extract::Query, metrics, problem::Problem, service::Service};
use database::{Database, Transaction};
use messaging::audit::{InboxAudit, OutboxAudit, of_inbox, of_outbox};
use saga::{Definition, LogEntry, Phase, Summary, tasks};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{process::PlaceOrder, store::Store};

/// How many orders one answer holds.
const PAGE: u32 = 1000;

/// Shows `orders_unpaid`, how many sagas are under way and since when, and what waits in the database.
///
/// # Errors
/// The App shows them already.
pub(crate) fn gauges(service: &mut Service, database: &Database, store: Store) -> Result<(), metrics::Error> {
    backlog::watch(service, database)?;
    let owing = service.obligations();
    owing.owe_in("sagas", database, async |tx: &mut Transaction| {
        Ok(saga::unfinished(tx).await?.unsigned_abs())
    });
    backlog::watch_tasks(service, database, &[PlaceOrder::NAME])?;
    let metrics = service.metrics().clone();
    let help = "Orders that were shipped and whose payment was refused for good.";
    let unpaid = metrics.gauge("orders_unpaid", help, &[])?;
    let help = "Sagas that are under way, by phase.";
    let open = metrics.gauge("saga_open", help, &["phase"])?;
    let help = "How long the saga that is under way longest has been.";
    let oldest = metrics.float_gauge("saga_oldest_seconds", help, &[])?;
    let read = async move |tx: &mut Transaction| {
        let oldest = backlog::age(tx.now(), saga::oldest_unfinished(tx).await?);
        Ok((store.unpaid(tx).await?, oldest, saga::unfinished_by_phase(tx).await?))
    };
    backlog::sample(service, "gauges", database, read, move |(count, age, phases)| {
        for phase in [Phase::Forward, Phase::Unwinding] {
            let found = phases.iter().find(|(name, _)| name == phase.name());
            open.with_label_values(&[phase.name()]).set(found.map_or(0, |(_, count)| *count));
        }
        unpaid.with_label_values::<&str>(&[]).set(count);
        oldest.with_label_values::<&str>(&[]).set(age);
    });
    Ok(())
}

/// The routes of the admin port.
pub(crate) fn routes(database: Database, store: Store) -> Router {
    let audit = Router::new().route("/audit", get(audit)).with_state((database.clone(), store));
    audit.merge(Router::new().route("/sagas/{id}", get(saga)).with_state(database))
}

#[derive(Deserialize)]
struct From {
    /// The last id of the page before.
    after: Option<Uuid>,
}

/// What ordering owns, page by page, in the order of ids; what is pending counts for the whole.
#[derive(Serialize)]
struct Audit {
    service: &'static str,
    aggregates: Vec<contracts::ordering::Order>,
    next: Option<Uuid>,
    pending: Pending,
    outbox: OutboxAudit,
    inbox: InboxAudit,
}

/// What is still to be done; all zero at rest.
#[derive(Serialize)]
struct Pending {
    sagas: i64,
    tasks: i64,
    outbox: u64,
    parked: u64,
}

async fn audit(
    State((database, store)): State<(Database, Store)>,
    Query(from): Query<From>,
) -> Result<Json<Audit>, Problem> {
    let after = from.after.unwrap_or_default();
    let read = database.read(async move |tx| {
        let orders = store.audit(tx, after, PAGE).await?;
        let (outbox, inbox) = (of_outbox(tx).await?, of_inbox(tx).await?);
        let pending = Pending {
            sagas: saga::unfinished(tx).await?,
            tasks: tasks::count(tx, PlaceOrder::NAME).await?,
            outbox: outbox.unconfirmed,
            parked: inbox.parked,
        };
        Ok::<_, database::Error>((orders, pending, outbox, inbox))
    });
    let (orders, pending, outbox, inbox) = read.await?;
    let next = orders.last().filter(|_| orders.len() == PAGE as usize).map(|order| order.id.uuid());
    Ok(Json(Audit { service: "ordering", aggregates: orders, next, pending, outbox, inbox }))
}

/// A saga, and every step that it took.
#[derive(Serialize)]
struct Saga {
    #[serde(flatten)]
    summary: Summary,
    log: Vec<LogEntry>,
}

async fn saga(State(database): State<Database>, Path(id): Path<Uuid>) -> Result<Json<Saga>, Problem> {
    let read = database.read(async move |tx| {
        let Some(summary) = saga::summary(tx, id).await? else { return Ok(None) };
        Ok::<_, database::Error>(Some(Saga { summary, log: saga::log(tx, id).await? }))
    });
    read.await?.map(Json).ok_or_else(|| Problem::not_found("saga"))
}
