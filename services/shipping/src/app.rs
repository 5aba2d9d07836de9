//! The one place where the service's parts are put together.

use std::{sync::Arc, time::Duration};

use ::choreography::{Means, Reports, Source, Topics, copies, react, reports};
use ::messaging::{
    Broker, Consumer,
    answers::Late,
    consumer, inbox, outbox,
    publishing::{Content, Publishing},
};
use axum::{Router, extract::State, routing::get};
use chassis::{
    backlog,
    client::{self, HttpClient},
    dead_letters,
    extract::Json,
    platform::Platform,
    problem::Problem,
    relay,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline, webhook,
};
use contracts::{Style, shipping::Reply, topics};
use database::{Database, Schema, leases};
use event_store::Ledger;
use journal::Recording;
use saga::tasks::{self, Wake, Worker};

use crate::{
    Config, Reach,
    application::{Application, BOOK, Shipments},
    audit::{self, Audit},
    booking::Booking,
    carrier::Carrier,
    domain::Shipment,
    http,
    store::{self, Rows, Store},
    styles::{self, SOURCE, choreography, messaging, notification, rest, state_transfer},
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
        let Wired { shipments, late, store, enter } = match &config.reach {
            Reach::Rest(ordering) => rest(&mut service, &database, client.clone(), ordering)?,
            Reach::Messaging(broker) => messaging(&mut service, &database, broker)?,
            Reach::Notification(broker, owners) => {
                let means = notification::means(&service, &client, owners)?;
                choreographed(&mut service, &database, broker, means)?
            }
            Reach::StateTransfer(broker) => {
                choreographed(&mut service, &database, broker, state_transfer::means())?
            }
            Reach::EventSourcing(ledger) => event_sourced(&mut service, &database, ledger)?,
        };

        // What shipments are asked, and the worker that has them booked.
        let book = Wake::default();
        let application = Application::new(platform.doubles.around(shipments), book.clone());
        let booking = Booking {
            database: database.clone(),
            application: application.clone(),
            carrier: Carrier::new(client, &config.carrier_url, config.carrier_timeout),
            late,
            random: platform.random().clone(),
        };
        let (holder, backoff) = (platform.instance.to_string(), config.carrier_backoff);
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let worker = Worker::new(BOOK, database.clone(), booking, book, options);
        let worker = worker.observed(service.observers().tasks()?);
        service.spawn("book", |drain| async move { worker.run(drain.requested(), GRACE).await });

        // The ways in last: whoever is let in finds everything running.
        let audit = Router::new().route("/audit", get(audit)).with_state((database.clone(), store.clone()));
        service.merge_admin(audit.merge(dead_letters::routes(database.clone())));
        let participant = enter(&mut service, application)?;
        let told = timeline::routes(SOURCE, database.clone());
        let address =
            service.serve(http::router(database, store).merge(participant).merge(told), config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What a style makes of the service.
struct Wired {
    /// Where shipments are kept, and whether others hear of what happens to them.
    shipments: Shipments,
    /// How what is known late is said.
    late: Arc<dyn Late<Reply>>,
    /// Where they are looked at.
    store: Store,
    /// Lets the others in, once everything is running.
    enter: Enter,
}

type Enter = Box<dyn FnOnce(&mut Service, Application) -> Result<Router, service::Error>>;

/// Orders ask by requests, and are called back at `ordering`; nobody hears of what happens.
fn rest(
    service: &mut Service,
    database: &Database,
    client: HttpClient,
    ordering: &str,
) -> Result<Wired, service::Error> {
    let hook = webhook::to(client, "ordering", format!("{ordering}/internal/replies"));
    let outbox = relay::start(service, database, Arc::new(hook))?;
    let database = database.clone();
    Ok(Wired {
        shipments: Shipments::new(Recording::new(Rows)),
        late: Arc::new(styles::answers(outbox)),
        store: Store::Rows,
        enter: Box::new(|_, application| Ok(rest::router(rest::Participant { application, database }))),
    })
}

/// Orders ask by messages, and what happens is published.
fn messaging(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
) -> Result<Wired, service::Error> {
    let outbox = relay::start(service, database, broker.clone())?;
    let published = Publishing::new(Rows, outbox.clone(), topics::SHIPPING_EVENTS, SOURCE);
    let (answers, database, broker) = (styles::answers(outbox), database.clone(), broker.clone());
    Ok(Wired {
        shipments: Shipments::new(Recording::new(published)),
        late: Arc::new(answers.clone()),
        store: Store::Rows,
        enter: Box::new(move |service, application| {
            let participant = messaging::Participant { application, answers };
            let (topic, options) = (topics::SHIPPING_COMMANDS, consumer::Options::default());
            let consumer = Consumer::new(broker, topic, SOURCE, participant, database, options);
            let consumer = consumer.observed(service.observers().messages()?);
            service.spawn("commands", |drain| async move { consumer.run(drain.requested()).await });
            Ok(Router::new())
        }),
    })
}

/// Nobody asks: the service reacts to what it hears, and others hear of what happens.
fn choreographed<E, R, S>(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
    means: Means<E, R, S>,
) -> Result<Wired, service::Error>
where
    E: Content<Shipment> + Clone,
    R: Content<Reports<Reply>> + Clone,
    S: Source + Clone,
{
    let topics = Topics { events: topics::SHIPPING_EVENTS, reports: topics::SHIPPING_REPORTS };
    let kept = means.keep(service, database, broker, Rows, topics)?;
    let (reporter, database, broker) = (kept.reporter, database.clone(), broker.clone());
    let source = means.source;
    Ok(Wired {
        shipments: kept.aggregates,
        late: Arc::new(reporter.clone()),
        store: Store::Rows,
        enter: Box::new(move |service, application| {
            let participant = choreography::Participant { application, reporter: reporter.clone() };
            react(service, &database, &broker, source, participant, reporter)
        }),
    })
}

/// Nobody asks: the service follows the ledger, in which everything is kept.
fn event_sourced(
    service: &mut Service,
    database: &Database,
    ledger: &Ledger,
) -> Result<Wired, service::Error> {
    let kept = ::choreography::ledger::keep(service, ledger)?;
    let (reporter, database, ledger) = (kept.reporter, database.clone(), ledger.clone());
    Ok(Wired {
        shipments: kept.aggregates,
        late: Arc::new(reporter.clone()),
        store: Store::Ledger(kept.grid),
        enter: Box::new(move |service, application| {
            let participant = choreography::Participant { application, reporter };
            ::choreography::ledger::react(service, &ledger, &database, SOURCE, participant)?;
            Ok(Router::new())
        }),
    })
}

async fn audit(State((database, store)): State<(Database, Store)>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async move |tx| audit::audit(&store, tx).await).await?))
}
