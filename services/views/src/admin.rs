//! What the service shows on its admin port beside probes and metrics: which generations there are, the documents of one, and what it could
//! not handle. Here a rebuild is asked for, too.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use chassis::{
    backlog, dead_letters,
    extract::{Json, Query},
    ids::Ids,
    metrics,
    problem::Problem,
    service::Service,
};
use database::{Database, Error, Transaction};
use messaging::audit::{InboxAudit, OutboxAudit, of_inbox, of_outbox};
use serde::{Deserialize, Serialize};

use crate::{
    rebuild,
    store::{
        export::{self, Exported, Place},
        generations::{self, Generation, Source},
    },
};

/// How many documents one answer holds.
const PAGE: u32 = 1000;

/// What the routes work with.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) database: Database,
    pub(crate) ids: Ids,
    pub(crate) rebuild: rebuild::Handle,
}

/// The routes of the admin port.
pub(crate) fn routes(admin: Admin) -> Router {
    let letters = dead_letters::routes(admin.database.clone());
    let own = Router::new()
        .route("/audit", get(audit))
        .route("/export", get(export))
        .route("/rebuild", post(begin).get(progress))
        .with_state(admin);
    own.merge(letters)
}

/// Shows which generation answers, whether another is being built, and how they compared.
///
/// # Errors
/// The App shows them already.
pub(crate) fn gauges(service: &mut Service, database: &Database) -> Result<(), metrics::Error> {
    backlog::watch(service, database)?;
    let rebuilds = async |tx: &mut Transaction| {
        let building = generations::all(tx).await?.into_iter().filter(Generation::is_building);
        Ok(building.count() as u64)
    };
    service.obligations().owe_in("rebuilds", database, rebuilds);
    let metrics = service.metrics().clone();
    let help = "The generation of the tables that answers; 0 before the first.";
    let answering = metrics.gauge("view_generation", help, &[])?;
    let help = "Whether a generation is being built: 1, or 0.";
    let building = metrics.gauge("view_rebuild_active", help, &[])?;
    let help = "Documents, and rows made of them, that the generation which answers has otherwise than the one before it \
        had when it took its place. More than 0 is a mistake in a projection.";
    let different = metrics.gauge("view_rebuild_differences", help, &[])?;
    let help = "Documents that the generation which answers has.";
    let documents = metrics.gauge("view_documents", help, &[])?;
    let read = async |tx: &mut Transaction| {
        let all = generations::active(tx).await?;
        let documents = match all.first() {
            Some(first) => export::size(tx, first.generation).await?,
            None => 0,
        };
        Ok((all, documents))
    };
    backlog::sample(service, "generations", database, read, move |(all, size)| {
        let live = all.iter().find(|generation| !generation.is_building());
        let set =
            |gauge: &prometheus::IntGaugeVec, value: i64| gauge.with_label_values::<&str>(&[]).set(value);
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        set(&answering, live.map_or(0, |generation| generation.generation));
        set(&building, i64::from(all.iter().any(Generation::is_building)));
        set(&different, live.and_then(|generation| generation.different).map_or(0, number));
        set(&documents, number(size));
    });
    Ok(())
}

/// What the service has to do and has counted, and which generations there are. It owns nothing: what it shows is at `/export`.
#[derive(Serialize)]
struct Audit {
    service: &'static str,
    aggregates: [(); 0],
    generations: Vec<Shown>,
    pending: Pending,
    outbox: OutboxAudit,
    inbox: InboxAudit,
}

/// What is still to be done; all zero at rest.
#[derive(Serialize)]
struct Pending {
    outbox: u64,
    parked: u64,
    rebuilds: usize,
}

/// A generation, and how far each owner has come for it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    generation: Generation,
    documents: u64,
    sources: std::collections::BTreeMap<&'static str, Source>,
}

async fn audit(State(admin): State<Admin>) -> Result<Json<Audit>, Problem> {
    let read = admin.database.read(async move |tx| {
        let (outbox, inbox) = (of_outbox(tx).await?, of_inbox(tx).await?);
        let generations = shown(tx).await?;
        let rebuilds = generations.iter().filter(|shown| shown.generation.is_building()).count();
        let pending = Pending { outbox: outbox.unconfirmed, parked: inbox.parked, rebuilds };
        Ok::<_, Error>(Audit { service: "views", aggregates: [], generations, pending, outbox, inbox })
    });
    Ok(Json(read.await?))
}

async fn shown(tx: &mut Transaction) -> Result<Vec<Shown>, Error> {
    let mut shown = Vec::new();
    for generation in generations::all(tx).await? {
        let number = generation.generation;
        let documents = export::size(tx, number).await?;
        let sources = generations::sources(tx, number).await?;
        let sources = sources.into_iter().map(|(kind, source)| (kind.owner(), source)).collect();
        shown.push(Shown { generation, documents, sources });
    }
    Ok(shown)
}

#[derive(Deserialize)]
struct From {
    /// Of which generation; the one that answers unless given.
    generation: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// The documents of a generation, page by page.
#[derive(Serialize)]
struct Export {
    generation: i64,
    items: Vec<Exported>,
    next: Option<String>,
}

async fn export(State(admin): State<Admin>, Query(from): Query<From>) -> Result<Json<Export>, Problem> {
    let after = from.after.map_or(Ok(Place::first()), |after| after.parse());
    let after = after.map_err(|()| Problem::malformed("`after` must be the `next` of the page before."))?;
    let read = admin.database.read(async move |tx| {
        let answering = generations::answering(tx).await?.map(|generation| generation.generation);
        let Some(generation) = from.generation.or(answering) else { return Ok(None) };
        let (items, next) = export::page(tx, generation, &after, PAGE).await?;
        Ok::<_, Error>(Some(Export { generation, items, next }))
    });
    read.await?.map(Json).ok_or_else(|| Problem::not_found("generation"))
}

/// Begins to build another generation, unless one is being built; answers as `GET` does.
async fn begin(State(admin): State<Admin>) -> Result<(StatusCode, Json<Vec<Shown>>), Problem> {
    let (run, wake) = (admin.ids.next(), admin.rebuild);
    let begun = admin.database.write(async move |tx| {
        generations::begin(tx, run).await?;
        wake.wake_after_commit(tx);
        shown(tx).await
    });
    let shown: Result<_, Error> = begun.await;
    Ok((StatusCode::ACCEPTED, Json(shown?)))
}

async fn progress(State(admin): State<Admin>) -> Result<Json<Vec<Shown>>, Problem> {
    let shown: Result<_, Error> = admin.database.read(async |tx| shown(tx).await).await;
    Ok(Json(shown?))
}
