//! The one place where the service's parts are put together.

use std::net::SocketAddr;

use axum::{Router, extract::State, routing::get};
use chassis::{
    admin::Admin,
    extract::Json,
    idempotency::{Cleaner, Idempotency},
    platform::Platform,
    problem::Problem,
    service::{self, Service},
    shutdown::{Stage, Stopped},
    telemetry::LogHandle,
};
use database::{Database, Health, Options};

use crate::{
    Config,
    application::Application,
    http::{self, Api},
    store::{self, Audit, Rows},
    styles::{Style, rest},
};

/// The warehouse service in one style, serving.
#[derive(Debug)]
pub struct App {
    service: Service,
    address: SocketAddr,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Its data cannot be opened.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// It cannot listen, or its parts do not fit together.
    #[error(transparent)]
    Service(#[from] service::Error),
}

impl App {
    /// Starts the service; it blocks while the database is opened.
    ///
    /// # Errors
    /// If the database cannot be opened, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Self, BuildError> {
        // The frame, which stops in reverse what is started here.
        let style = config.style.name();
        let mut service = Service::new("warehouse", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let options =
            Options { clock: platform.clock.clone(), executor: platform.executor, ..Options::default() };
        let database = Database::open(&config.database, store::SCHEMAS, options)?;
        service.readiness().check("database", {
            let database = database.clone();
            move || health(&database)
        });
        let closing = database.clone();
        service.on_stop(Stage::Storage, "database", async move { closing.close().await });

        // What repeats by itself.
        let cleaner = Cleaner::new(database.clone(), platform.ids.next().to_string());
        service.spawn("idempotency cleaner", |drain| cleaner.run(drain));

        // What others see: operators, clients, and the other services in this style.
        service.merge_admin(Router::new().route("/audit", get(audit)).with_state(database.clone()));
        let application = Application::new(Rows);
        let idempotency = Idempotency::new(style);
        let api = http::router(Api { application, database: database.clone(), idempotency });
        let address = match config.style {
            Style::Rest => {
                let participant = rest::router(rest::Participant { application, database });
                service.serve(api.merge(participant), config.listen)?
            }
        };
        Ok(Self { service, address })
    }

    /// Where it serves its API.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it shows on the admin port of a process that runs many Apps.
    #[must_use]
    pub fn admin(&self) -> Admin {
        self.service.admin()
    }

    /// Serves an admin port of its own; tells where.
    ///
    /// # Errors
    /// The port is taken.
    pub fn serve_admin(&mut self, address: SocketAddr, log: LogHandle) -> Result<SocketAddr, service::Error> {
        self.service.serve_admin(address, log)
    }

    /// Serves until `signal`, and stops: unready, requests in flight, background parts, database.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Stopped {
        self.service.run_until(signal).await
    }
}

fn health(database: &Database) -> Result<(), String> {
    match database.health() {
        Health::Good => Ok(()),
        Health::Full => Err("there is no room left".to_owned()),
        Health::ReadOnly => Err("the file is read-only".to_owned()),
        Health::Failing => Err("the file cannot be read or written".to_owned()),
    }
}

async fn audit(State(database): State<Database>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async |tx| store::audit(tx).await).await?))
}
