//! The one place where the service's parts are put together.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use chassis::{
    admin::Admin,
    client::{self, HttpClient},
    platform::Platform,
    service::{self, Service},
    shutdown::{Stage, Stopped},
    telemetry::LogHandle,
};
use database::{Database, Health, leases};
use saga::tasks::{self, Wake, Worker};

use crate::{
    Config, application::Application, application::BOOK, audit, booking::Booking, carrier::Carrier, http,
    store, styles::rest,
};

/// What a call to the carrier that is under way may take once the service is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// The shipping service, running.
#[derive(Debug)]
pub struct App {
    service: Service,
    address: SocketAddr,
}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Its database cannot be opened.
    #[error("opening the database of shipping")]
    Database(#[from] database::Error),
    /// Its frame cannot be set up: the port is taken, say.
    #[error("starting shipping")]
    Service(#[from] service::Error),
}

impl App {
    /// Starts the service; it blocks while its database is opened.
    ///
    /// # Errors
    /// If the database cannot be opened or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: Config, platform: &Platform) -> Result<Self, BuildError> {
        // The frame, which everything below is put into.
        let mut service = Service::new("shipping", rest::NAME, platform, config.limits)?;

        // The database: the service's own table, and those of the parts that write in its transactions.
        let (clock, executor) = (platform.clock.clone(), platform.executor);
        let options = database::Options { clock, executor, ..database::Options::default() };
        let schemas = [store::SCHEMA, tasks::SCHEMA, leases::SCHEMA];
        let db = Database::open(&config.database, &schemas, options)?;
        let health = db.clone();
        service.readiness().check("database", move || match health.health() {
            Health::Good => Ok(()),
            health => Err(format!("{health:?}")),
        });
        let closing = db.clone();
        service.on_stop(Stage::Storage, "database", async move { closing.close().await });

        // What shipping does.
        let book = Wake::default();
        let application = Arc::new(Application::new(store::Rows, book.clone()));

        // The worker that has shipments booked.
        let client = HttpClient::new(platform, client::Options::default());
        let carrier = Carrier::new(client, &config.carrier_url, config.carrier_timeout);
        let booking = Booking {
            db: db.clone(),
            application: Arc::clone(&application),
            carrier,
            random: platform.random().clone(),
        };
        let options = tasks::Options { holder: config.replica, ..tasks::Options::default() };
        let worker = Worker::new(BOOK, db.clone(), booking, book, options);
        service.spawn("book", |drain| worker.run(async move { drain.requested().await }, GRACE));

        // The ways in, once everything behind them is there.
        service.merge_admin(audit::router(db.clone()));
        let router = http::router(db.clone()).merge(rest::router(db, application));
        let address = service.serve(router, config.listen)?;
        Ok(Self { service, address })
    }

    /// Where the API is served.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the service shows on an admin port.
    #[must_use]
    pub fn admin(&self) -> Admin {
        self.service.admin()
    }

    /// Serves an admin port of its own.
    ///
    /// # Errors
    /// The port is taken.
    pub fn serve_admin(&mut self, address: SocketAddr, log: LogHandle) -> Result<SocketAddr, service::Error> {
        self.service.serve_admin(address, log)
    }

    /// Runs until `signal`, and stops.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Stopped {
        self.service.run_until(signal).await
    }
}
