//! The admin port: probes, metrics, version and log level, for machines on this host or in this pod's network
//! only.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::{
    limits::BODY_BYTES,
    mesh::{self, Mesh},
    metrics::{self, Format, Identity, Metrics},
    obligations::{Left, Obligations},
    platform::BuildInfo,
    problem::{self, Problem},
    readiness::{CheckReport, Readiness},
    tasks::Liveness,
    telemetry::LogHandle,
};

/// What one App shows on its admin port.
#[derive(Clone, Debug)]
pub struct Admin {
    probes: Probes,
    routes: Router,
}

#[derive(Clone, Debug)]
struct Probes {
    metrics: Metrics,
    readiness: Readiness,
    liveness: Liveness,
    obligations: Obligations,
    mesh: Option<Mesh>,
}

impl Admin {
    /// The probes and metrics that every App has.
    #[must_use]
    pub fn new(metrics: Metrics, readiness: Readiness, liveness: Liveness) -> Self {
        let obligations = Obligations::default();
        Admin {
            probes: Probes { metrics, readiness, liveness, obligations, mesh: None },
            routes: Router::new(),
        }
    }

    /// Tells, under `/drain`, what is left to do.
    #[must_use]
    pub fn owing(mut self, obligations: Obligations) -> Self {
        self.probes.obligations = obligations;
        self
    }

    /// Shows, under `/mesh`, how the ways to other services are.
    #[must_use]
    pub(crate) fn calling(mut self, mesh: Mesh) -> Self {
        self.probes.mesh = Some(mesh);
        self
    }

    /// Adds the service's own routes: `/audit`, `/dead-letters`, `/sagas` and so on.
    #[must_use]
    pub fn merge(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Which App it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.probes.metrics.identity()
    }

    /// The admin port of a process that runs this App only.
    pub fn router(self, build: BuildInfo, log: LogHandle) -> Router {
        finished(probes([self.probes].into()).merge(self.routes), build, log)
    }
}

/// The admin port of a process that runs many Apps: each under `/{style}/{service}`, and at the root the
/// probes and metrics of all together.
///
/// # Panics
/// If two Apps have the same service and style.
pub fn union(apps: Vec<Admin>, build: BuildInfo, log: LogHandle) -> Router {
    let all = apps.iter().map(|app| app.probes.clone()).collect();
    let router = apps.into_iter().fold(probes(all), |router, app| {
        let Identity { style, service } = app.identity();
        let prefix = format!("/{style}/{service}");
        router.nest(&prefix, probes([app.probes].into()).merge(app.routes))
    });
    finished(router, build, log)
}

fn finished(router: Router, build: BuildInfo, log: LogHandle) -> Router {
    router
        .route("/version", get(move || async move { Json(build) }))
        .merge(Router::new().route("/log-level", get(log_level).put(set_log_level)).with_state(log))
        .fallback(async || Problem::not_found("admin route"))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

fn probes(apps: Arc<[Probes]>) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/startupz", get(startupz))
        .route("/metrics", get(exposition))
        .route("/drain", get(left))
        .route("/mesh", get(mesh))
        .with_state(apps)
}

/// One check of one App.
#[derive(Serialize)]
struct Check {
    #[serde(flatten)]
    app: Identity,
    #[serde(flatten)]
    check: CheckReport,
}

#[derive(Serialize)]
struct Report {
    ready: bool,
    checks: Vec<Check>,
}

async fn readyz(State(apps): State<Arc<[Probes]>>) -> Response {
    let checks = apps.iter().flat_map(|app| {
        let of_app = |check| Check { app: app.metrics.identity().clone(), check };
        app.readiness.report().checks.into_iter().map(of_app)
    });
    report(checks.collect())
}

async fn startupz(State(apps): State<Arc<[Probes]>>) -> Response {
    report(apps.iter().map(|app| app.one("started", app.readiness.has_started(), "not ready yet")).collect())
}

async fn livez(State(apps): State<Arc<[Probes]>>) -> Response {
    let checks = apps.iter().map(|app| {
        let failed = app.liveness.failed();
        app.one("background parts", failed.is_empty(), &format!("panicked: {}", failed.join(", ")))
    });
    report(checks.collect())
}

impl Probes {
    fn one(&self, name: &str, ready: bool, reason: &str) -> Check {
        let reason = (!ready).then(|| reason.to_owned());
        let check = CheckReport { name: name.to_owned(), ready, reason };
        Check { app: self.metrics.identity().clone(), check }
    }
}

fn report(checks: Vec<Check>) -> Response {
    let ready = checks.iter().all(|check| check.check.ready);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Report { ready, checks })).into_response()
}

/// What is left to do: of all together where there are many.
async fn left(State(apps): State<Arc<[Probes]>>) -> Result<Json<Left>, Problem> {
    let mut all = Left::default();
    for app in apps.iter() {
        all = all.plus(app.obligations.left().await?);
    }
    Ok(Json(all))
}

/// How the ways to other services are: of all together where there are many.
async fn mesh(State(apps): State<Arc<[Probes]>>) -> Json<mesh::Report> {
    let of_app = |app: &Probes| Some((app.metrics.identity().clone(), app.mesh.clone()?));
    Json(mesh::Report::of(apps.iter().filter_map(of_app)))
}

async fn exposition(State(apps): State<Arc<[Probes]>>, headers: HeaderMap) -> Response {
    let format = Format::accepted(&headers);
    match metrics::exposition(apps.iter().map(|app| &app.metrics), format) {
        Ok(text) => ([(header::CONTENT_TYPE, format.media_type())], text).into_response(),
        Err(error) => problem::internal(&error).into_response(),
    }
}

async fn log_level(State(log): State<LogHandle>) -> String {
    log.current()
}

async fn set_log_level(State(log): State<LogHandle>, level: String) -> Result<StatusCode, Problem> {
    let level = level.trim();
    log.set(level).map_err(|error| Problem::malformed(format!("{error}.")))?;
    tracing::info!(level, "the log level is now `{level}`");
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
