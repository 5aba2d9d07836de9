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
    shutdown::Stopped,
    telemetry::LogHandle,
};
use contracts::Style;
use database::Database;

use crate::{
    Config,
    application::Application,
    http::{self, Api},
    store::{self, Audit, Rows},
    styles::rest,
};

/// The warehouse service in one style, serving.
#[derive(Debug)]
pub struct App {
    service: Service,
    address: SocketAddr,
}

impl App {
    /// Starts the service; it blocks while the database is opened.
    ///
    /// # Errors
    /// If the database cannot be opened, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Self, service::Error> {
        // The frame, which stops in reverse what is started here.
        let style = config.style.as_str();
        let mut service = Service::new("warehouse", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = service.open(&config.database, store::SCHEMAS)?;

        // What repeats by itself.
        let cleaner = Cleaner::new(database.clone(), platform.instance.to_string());
        service.spawn("idempotency cleaner", |drain| cleaner.run(drain));

        // What others see: operators, clients, and the other services in this style.
        service.merge_admin(Router::new().route("/audit", get(audit)).with_state(database.clone()));
        let application = Application::new(Rows);
        let idempotency = Idempotency::new(style);
        let api = http::router(Api { application, database: database.clone(), idempotency });
        let participant = match config.style {
            Style::Rest => rest::router(rest::Participant { application, database }),
            Style::Messaging => Router::new(),
        };
        let address = service.serve(api.merge(participant), config.listen)?;
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

async fn audit(State(database): State<Database>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async |tx| store::audit(tx).await).await?))
}
