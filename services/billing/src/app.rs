//! The one place where the service's parts are put together.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::State, routing::get};
use chassis::{
    admin::Admin,
    client::{self, HttpClient},
    extract::Json,
    idempotency::{self, Cleaner, Idempotency},
    platform::Platform,
    problem::Problem,
    service::{self, Service},
    shutdown::Stopped,
    telemetry::LogHandle,
};
use database::{Database, Schema, leases};
use messaging::{
    Publisher,
    outbox::{self, Relay},
};
use saga::tasks::{self, Worker};

use crate::{
    Config,
    application::{Application, CHARGE, MAIL, Wakes},
    audit::{self, Audit},
    charging::Charging,
    http::{self, Api},
    mailing::Mailing,
    outside::{Mail, Payment},
    store::{self, Rows},
    styles::{Style, rest},
};

/// Everything that the service keeps in its database.
pub const SCHEMAS: &[Schema] =
    &[store::SCHEMA, tasks::SCHEMA, outbox::SCHEMA, idempotency::SCHEMA, leases::SCHEMA];

/// What a call under way may take once the service is told to stop; given up, it is made again after the next start.
const GRACE: Duration = Duration::from_secs(2);

/// The billing service in one style, serving.
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
        let style = config.style.name();
        let mut service = Service::new("billing", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = service.open(&config.database, SCHEMAS)?;

        // The relay, by which late answers leave.
        let client = HttpClient::new(platform, client::Options::default());
        let publisher: Arc<dyn Publisher> = match config.style {
            Style::Rest => Arc::new(rest::publisher(client.clone(), &config.ordering_url)),
        };
        let relay = Relay::new(database.clone(), publisher, outbox::Options::new(&*platform.instance));
        let outbox = relay.handle();
        service.spawn("relay", |drain| relay.run(async move { drain.requested().await }));

        // What invoices are asked.
        let wakes = Wakes::default();
        let application = Arc::new(Application::new(Rows, wakes.clone(), config.decline_backoff));

        // The workers that have them paid and mailed, each at its own pace.
        let (timeout, random) = (config.call_timeout, platform.random().clone());
        let charging = Charging {
            database: database.clone(),
            application: Arc::clone(&application),
            payment: Payment::new(client.clone(), &config.payment_url, timeout),
            outbox,
            random: random.clone(),
        };
        let mail = Mail::new(client, &config.mail_url, timeout);
        let mailing =
            Mailing { database: database.clone(), application: Arc::clone(&application), mail, random };
        let (holder, backoff) = (platform.instance.to_string(), config.call_backoff);
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let worker = Worker::new(CHARGE, database.clone(), charging, wakes.charge, options.clone());
        service.spawn("charge", |drain| worker.run(async move { drain.requested().await }, GRACE));
        let worker = Worker::new(MAIL, database.clone(), mailing, wakes.mail, options);
        service.spawn("mail", |drain| worker.run(async move { drain.requested().await }, GRACE));

        // What repeats by itself.
        let cleaner = Cleaner::new(database.clone(), &*platform.instance);
        service.spawn("idempotency cleaner", |drain| cleaner.run(drain));

        // What others see: operators, clients, and ordering in this style.
        service.merge_admin(Router::new().route("/audit", get(audit)).with_state(database.clone()));
        let api = http::router(Api {
            application: Arc::clone(&application),
            database: database.clone(),
            idempotency: Idempotency::new(style),
            changes: wakes.changes,
            wait: config.pay_wait,
        });
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

async fn audit(State(database): State<Database>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async |tx| audit::audit(tx).await).await?))
}
