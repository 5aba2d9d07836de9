//! The one place where the service's parts are put together.

use std::{sync::Arc, time::Duration};

use ::messaging::{
    Broker, Consumer, Publisher, consumer, inbox,
    outbox::{self, Relay},
    publishing::Publishing,
};
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
use contracts::topics;
use database::{Database, Schema, leases};
use journal::Recording;
use saga::tasks::{self, Wake, Worker};

use crate::{
    Config, Reach,
    application::{Application, BOOK, Shipments},
    audit::{self, Audit},
    booking::Booking,
    carrier::Carrier,
    http,
    store::{self, Rows},
    styles::{self, SOURCE, messaging, rest},
};

/// Everything that the service keeps in its database.
pub const SCHEMAS: &[Schema] =
    &[store::SCHEMA, tasks::SCHEMA, outbox::SCHEMA, inbox::SCHEMA, journal::SCHEMA, leases::SCHEMA];

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
        let database = service.open(&config.database, SCHEMAS)?;

        // What repeats by itself: forgetting what is of no use any more, and looking at what waits.
        let tombstones = config.retention.tombstones;
        let tombstones =
            Kept::new("tombstones", tombstones, store::oldest_tombstone, store::forget_tombstones);
        let kept = vec![
            Kept::messages(&config.retention),
            Kept::discards(&config.retention),
            Kept::journal(&config.retention),
            tombstones,
        ];
        retention::clean(&mut service, platform, &database, kept)?;
        backlog::watch(&mut service, &database)?;
        backlog::watch_tasks(&mut service, &database, &[BOOK])?;

        // The way out: where late answers go, and whether others hear of what happens.
        let client = service.client(client::Options::default())?;
        let relay = Relay::new(
            database.clone(),
            publisher(&config.reach, &client),
            outbox::Options::new(platform.instance.to_string()),
        )
        .observed(service.observers().messages()?);
        let outbox = relay.handle();
        let answers = styles::answers(outbox.clone());
        service.spawn("outbox relay", |drain| async move { relay.run(drain.requested()).await });

        // What shipments are asked, and the worker that has them booked.
        let book = Wake::default();
        let shipments = platform.doubles.around(shipments(&config.reach, &outbox));
        let application = Application::new(shipments, book.clone());
        let booking = Booking {
            database: database.clone(),
            application: application.clone(),
            carrier: Carrier::new(client, &config.carrier_url, config.carrier_timeout),
            answers: answers.clone(),
            random: platform.random().clone(),
        };
        let (holder, backoff) = (platform.instance.to_string(), config.carrier_backoff);
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let worker = Worker::new(BOOK, database.clone(), booking, book, options);
        let worker = worker.observed(service.observers().tasks()?);
        service.spawn("book", |drain| async move { worker.run(drain.requested(), GRACE).await });

        // The ways in last: whoever is let in finds everything running.
        let audit = Router::new().route("/audit", get(audit)).with_state(database.clone());
        service.merge_admin(audit.merge(dead_letters::routes(database.clone())));
        let participant = match &config.reach {
            Reach::Rest(_) => rest::router(rest::Participant { application, database: database.clone() }),
            Reach::Messaging(broker) => {
                let participant = messaging::Participant { application, answers };
                consume(&mut service, broker, participant, &database)?;
                Router::new()
            }
        };
        let told = timeline::routes(SOURCE, database.clone());
        let address = service.serve(http::router(database).merge(participant).merge(told), config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// Where messages leave to.
fn publisher(reach: &Reach, client: &HttpClient) -> Arc<dyn Publisher> {
    match reach {
        Reach::Rest(ordering) => {
            Arc::new(webhook::to(client.clone(), "ordering", format!("{ordering}/internal/replies")))
        }
        Reach::Messaging(broker) => broker.clone(),
    }
}

/// Where shipments are kept, and whether what happens to them is published.
fn shipments(reach: &Reach, outbox: &outbox::Handle) -> Shipments {
    match reach {
        Reach::Rest(_) => Shipments::new(Recording::new(Rows)),
        Reach::Messaging(_) => {
            let published = Publishing::new(Rows, outbox.clone(), topics::SHIPPING_EVENTS, SOURCE);
            Shipments::new(Recording::new(published))
        }
    }
}

/// Commands come by messages.
fn consume(
    service: &mut Service,
    broker: &Arc<dyn Broker>,
    participant: messaging::Participant,
    database: &Database,
) -> Result<(), service::Error> {
    let messages = service.observers().messages()?;
    let (topic, options) = (topics::SHIPPING_COMMANDS, consumer::Options::default());
    let consumer = Consumer::new(broker.clone(), topic, SOURCE, participant, database.clone(), options);
    let consumer = consumer.observed(messages);
    service.spawn("commands", |drain| async move { consumer.run(drain.requested()).await });
    Ok(())
}

async fn audit(State(database): State<Database>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async |tx| audit::audit(tx).await).await?))
}
