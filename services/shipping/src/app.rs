//! The one place where the service's parts are put together.

use std::{sync::Arc, time::Duration};

use ::messaging::{answers::Late, inbox, outbox};
use axum::{Router, extract::State, routing::get};
use chassis::{
    backlog,
    client::{self, HttpClient},
    dead_letters,
    extract::Json,
    platform::Platform,
    problem::Problem,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline, webhook,
};
use choreography::{copies, reports};
use contracts::{Style, shipping::Reply};
use database::{Database, Schema, leases};
use saga::tasks::{self, Wake, Worker};
use wiring::{Assembly, Wired};

use crate::{
    Config, Reach,
    application::{Application, BOOK, Shipments},
    audit::{self, Audit},
    booking::Booking,
    carrier::Carrier,
    domain::Shipment,
    http,
    store::{self, Rows, Store},
    styles::{SOURCE, answers, messaging, notification, rest, state_transfer},
};

/// Everything that the service keeps in its database.
pub const SCHEMAS: &[Schema] = &[
    store::SCHEMA,
    tasks::SCHEMA,
    outbox::SCHEMA,
    inbox::SCHEMA,
    journal::SCHEMA,
    leases::SCHEMA,
    reports::SCHEMA,
    copies::SCHEMA,
];

/// What a call under way may take once the service is told to stop; given up, it is made again after the next start.
const GRACE: Duration = Duration::from_secs(2);

/// The shipping service in one style, serving.
pub struct App;

impl App {
    /// Starts the service; it blocks while the database is opened.
    ///
    /// # Errors
    /// If the database cannot be opened, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Running, service::Error> {
        // The frame, which stops in reverse what is started here.
        let style = config.reach.style().as_str();
        let mut service = Service::new("shipping", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = match &config.reach {
            Reach::EventSourcing(ledger) => service.share(ledger.database(), SOURCE),
            _ => service.open(&config.database, SCHEMAS)?,
        };

        // What repeats by itself: forgetting what is of no use any more, and looking at what waits.
        let tombstones = config.retention.tombstones;
        let tombstones =
            Kept::new("tombstones", tombstones, store::oldest_tombstone, store::forget_tombstones);
        let mut kept = vec![
            Kept::messages(&config.retention),
            Kept::discards(&config.retention),
            Kept::journal(&config.retention),
        ];
        if config.reach.style() != Style::EventSourcing {
            kept.push(tombstones); // a ledger forgets nothing
        }
        retention::clean(&mut service, platform, &database, kept)?;
        backlog::watch(&mut service, &database)?;
        backlog::watch_tasks(&mut service, &database, &[BOOK])?;

        // The style: how the others ask, how they are answered, and whether they hear of what happens.
        let client = service.client(client::Options::default())?;
        let base = Base { config, client, database: database.clone() };
        let Wired { routes, grid, .. } = wired(&config.reach, &mut service, base)?;
        let store = grid.map_or(Store::Rows, Store::Ledger);

        // The ways in last: whoever is let in finds everything running.
        let audit = Router::new().route("/audit", get(audit)).with_state((database.clone(), store.clone()));
        service.merge_admin(audit.merge(dead_letters::routes(database.clone())));
        let told = timeline::routes(SOURCE, database.clone());
        let api = http::router(database, store).merge(routes).merge(told);
        let address = service.serve(api, config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What each style makes of it.
fn wired(
    reach: &Reach,
    service: &mut Service,
    base: Base<'_>,
) -> Result<Wired<Shipment, Application>, service::Error> {
    let database = &base.database.clone();
    Ok(match reach {
        Reach::Rest(ordering) => {
            let replies = format!("{ordering}/internal/replies");
            let hook = webhook::to(base.client.clone(), "ordering", replies);
            wiring::rest(service, database, hook, Rows, answers, rest::router, base)?
        }
        Reach::Messaging(broker) => {
            wiring::messaging(service, database, broker, Rows, answers, messaging::handler, base)?
        }
        Reach::Notification(broker, owners) => {
            let means = notification::means(service, &base.client, owners)?;
            wiring::choreographed(service, database, broker, means, Rows, base)?
        }
        Reach::StateTransfer(broker) => {
            let means = state_transfer::means();
            wiring::choreographed(service, database, broker, means, Rows, base)?
        }
        Reach::EventSourcing(ledger) => wiring::event_sourced(service, database, ledger, base)?,
    })
}

/// What every style is made with.
struct Base<'a> {
    config: &'a Config,
    client: HttpClient,
    database: Database,
}

/// What shipments are asked, and the worker that has them booked.
impl Assembly<Shipment> for Base<'_> {
    type Participant = Application;

    fn assemble(
        self,
        service: &mut Service,
        shipments: Shipments,
        late: Arc<dyn Late<Reply>>,
    ) -> Result<Application, service::Error> {
        let Self { config, client, database } = self;
        let book = Wake::default();
        let application = Application::new(service.platform().doubles.around(shipments), book.clone());
        let booking = Booking {
            database: database.clone(),
            application: application.clone(),
            carrier: Carrier::new(client, &config.carrier_url, config.carrier_timeout),
            late,
            random: service.platform().random().clone(),
        };
        let (holder, backoff) = (service.platform().instance.to_string(), config.carrier_backoff);
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let worker = Worker::new(BOOK, database, booking, book, options);
        let worker = worker.observed(service.observers().tasks()?);
        service.spawn("book", |drain| async move { worker.run(drain.requested(), GRACE).await });
        Ok(application)
    }
}

async fn audit(State((database, store)): State<(Database, Store)>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async move |tx| audit::audit(&store, tx).await).await?))
}
