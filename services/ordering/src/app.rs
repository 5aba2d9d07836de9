//! The one place where the parts of ordering are put together.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use chassis::{
    admin::Admin,
    changes::Changes,
    client::{self, HttpClient},
    idempotency::{self, Cleaner, Idempotency},
    platform::Platform,
    service::{self, Service},
    shutdown::{Stage, Stopped},
    telemetry::LogHandle,
};
use database::{Database, Health, Schema, Statement, leases};
use saga::{Runner, tasks, tasks::Wake, tasks::Worker};

use crate::{
    admin,
    application::{Application, Orders},
    config::{Config, Style},
    http::{self, Api},
    process::PlaceOrder,
    store::{self, Rows},
    styles::{
        call::Caller,
        rest::{self, ByCall, Http},
    },
};
use saga::Definition;

/// Every table in ordering's database.
pub const SCHEMAS: &[Schema] =
    &[store::SCHEMA, saga::SCHEMA, tasks::SCHEMA, leases::SCHEMA, idempotency::SCHEMA];

/// Every statement on them.
pub const STATEMENTS: &[&[Statement]] =
    &[saga::STATEMENTS, tasks::STATEMENTS, leases::STATEMENTS, idempotency::STATEMENTS];

/// How long tasks under way may take to finish when ordering stops; they go on at the next start.
const TASK_GRACE: Duration = Duration::from_secs(2);

/// Ordering in one style: built, listening, and running until it is stopped.
#[derive(Debug)]
pub struct App {
    service: Service,
    address: SocketAddr,
}

/// Why ordering cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The directory of the database cannot be made.
    #[error("creating the directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("opening ordering's database")]
    Database(#[from] database::Error),
    /// It cannot listen.
    #[error(transparent)]
    Service(#[from] service::Error),
}

impl App {
    /// Makes every part in the order in which they need each other, and starts them.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(config: &Config, platform: &Platform) -> Result<Self, BuildError> {
        let mut service = Service::new("ordering", config.style.name(), platform, config.limits.clone())?;

        // The database first: everything else stands on it, and it is closed last.
        let database = open(config, platform)?;
        let (watched, closed) = (database.clone(), database.clone());
        service.readiness().check("database", move || match watched.health() {
            Health::Good => Ok(()),
            unwell => Err(format!("{unwell:?}")),
        });
        service.on_stop(Stage::Storage, "database", async move { closed.close().await });

        // What waiting clients and the saga's worker are woken by.
        let (changes, wake) = (Changes::new(), Wake::default());

        // The style: how participants are asked, and how they answer.
        let Style::Rest(endpoints) = &config.style;
        let participants = Http {
            client: HttpClient::new(platform, client::Options::default()),
            endpoints: endpoints.clone(),
            timeout: config.timeout,
            patience: config.patience,
            random: platform.random().clone(),
        };
        let application =
            Arc::new(Application::new(Orders::new(Rows), Runner::new(ByCall, wake.clone()), changes.clone()));
        let replies = rest::routes(application.clone(), database.clone());

        // The worker that asks participants until they have answered.
        let caller = Caller {
            application: application.clone(),
            database: database.clone(),
            participants: participants.clone(),
        };
        let options = tasks::Options { holder: config.instance.clone(), ..tasks::Options::default() };
        let worker = Worker::new(PlaceOrder::NAME, database.clone(), caller, wake, options);
        service.spawn("saga", |drain| async move { worker.run(drain.requested(), TASK_GRACE).await });
        let cleaner = Cleaner::new(database.clone(), config.instance.clone());
        service.spawn("idempotency keys", |drain| cleaner.run(drain));

        // The API last: whoever is let in finds everything running.
        let api = Api {
            application,
            catalogue: Arc::new(participants),
            database: database.clone(),
            idempotency: Idempotency::new(config.style.name()),
            changes,
            ids: platform.ids.clone(),
            wait: config.wait,
        };
        service.merge_admin(admin::routes(database));
        let routes = Router::new().merge(http::router(api)).merge(replies);
        let address = service.serve(routes, config.listen)?;
        Ok(Self { service, address })
    }

    /// Where the API listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What goes onto the admin port of a process with many Apps.
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

    /// Runs until `signal`, then stops in order.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Stopped {
        self.service.run_until(signal).await
    }
}

fn open(config: &Config, platform: &Platform) -> Result<Database, BuildError> {
    let path = config.data_dir.clone();
    std::fs::create_dir_all(&path).map_err(|source| BuildError::Directory { path, source })?;
    let options = database::Options {
        clock: platform.clock.clone(),
        executor: platform.executor,
        ..database::Options::default()
    };
    Ok(Database::open(&config.data_dir.join("ordering.sqlite3"), SCHEMAS, options)?)
}
