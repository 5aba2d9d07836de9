//! The one place where the service's parts are put together.

use std::sync::Arc;

use aggregate::Aggregate;
use axum::Router;
use chassis::{
    backlog, client,
    idempotency::Idempotency,
    platform::Platform,
    relay, republish,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline,
};
use choreography::{Means, Reports, Source, Topics, react};
use contracts::{Style, customers::Reply, topics};
use database::Database;
use event_store::Ledger;
use journal::Recording;
use messaging::{
    Broker, Consumer, consumer, outbox,
    publishing::{Content, Publishing},
};

use crate::{
    Config, Reach, admin,
    application::{Application, Customers},
    domain::Customer,
    http::{self, Api},
    store::{self, Rows, Store},
    styles::{
        self, SOURCE, choreography::Participant as Choreographed, messaging::Participant, notification, rest,
        state_transfer,
    },
};

/// The customers service in one style, serving.
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
        let mut service = Service::new("customers", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = match &config.reach {
            Reach::EventSourcing(ledger) => service.share(ledger.database(), SOURCE),
            _ => service.open(&config.database, store::SCHEMAS)?,
        };

        // What repeats by itself: forgetting what is of no use any more, and looking at what waits.
        let over = Kept::new("reservations", config.retention.tombstones, store::oldest, store::forget);
        let (answers, messages) = (Kept::answers(&config.retention), Kept::messages(&config.retention));
        let mut kept =
            vec![answers, messages, Kept::discards(&config.retention), Kept::journal(&config.retention)];
        if config.reach.style() != Style::EventSourcing {
            kept.push(over); // a ledger forgets nothing
        }
        retention::clean(&mut service, platform, &database, kept)?;
        backlog::watch(&mut service, &database)?;

        // The style: how the others ask, how they are answered, and whether they hear of what happens.
        let Wired { application, participant, store } = match &config.reach {
            Reach::Rest => rest(platform, &database),
            Reach::Messaging(broker) => messaging(&mut service, &database, broker)?,
            Reach::Notification(broker, owners) => {
                let client = service.client(client::Options::default())?;
                let means = notification::means(&service, &client, owners)?;
                choreographed(&mut service, &database, broker, means)?
            }
            Reach::StateTransfer(broker) => {
                choreographed(&mut service, &database, broker, state_transfer::means())?
            }
            Reach::EventSourcing(ledger) => event_sourced(&mut service, &database, ledger)?,
        };

        // The API last: whoever is let in finds everything running.
        service.merge_admin(admin::routes(database.clone(), store.clone()));
        let told = timeline::routes(SOURCE, database.clone());
        let idempotency = Idempotency::new(style);
        let api = http::router(Api { application, database, store, idempotency, ids: platform.ids.clone() });
        let address = service.serve(api.merge(participant).merge(told), config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What a style makes of the service.
struct Wired {
    application: Application,
    /// What the other services reach.
    participant: Router,
    store: Store,
}

impl Wired {
    fn on_rows(application: Application, participant: Router) -> Self {
        Self { application, participant, store: Store::Rows }
    }
}

/// Orders ask by requests; nobody hears of what happens.
fn rest(platform: &Platform, database: &Database) -> Wired {
    let application = Application::new(platform.doubles.around(Customers::new(Recording::new(Rows))));
    let participant = rest::Participant { application: application.clone(), database: database.clone() };
    Wired::on_rows(application, rest::router(participant))
}

/// Orders ask by messages, and what happens is published.
fn messaging(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
) -> Result<Wired, service::Error> {
    let outbox = relay::start(service, database, broker.clone())?;

    let relaying = outbox.clone();
    let customers = Publishing::new(Rows, outbox.clone(), topics::CUSTOMERS_EVENTS, SOURCE);
    let application =
        Application::new(service.platform().doubles.around(Customers::new(Recording::new(customers))));

    let participant = Participant { application: application.clone(), answers: styles::answers(outbox) };
    let (topic, options) = (topics::CUSTOMERS_COMMANDS, consumer::Options::default());
    let consumer = Consumer::new(broker.clone(), topic, SOURCE, participant, database.clone(), options);
    let consumer = consumer.observed(service.observers().messages()?);
    service.spawn("commands", |drain| async move { consumer.run(drain.requested()).await });
    let told = told(database, relaying);
    Ok(Wired::on_rows(application, republish::serve(service, told, store::documents)))
}

/// Nobody asks: the service reacts to what it hears, and others hear of what happens.
fn choreographed<E, R, S>(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
    means: Means<E, R, S>,
) -> Result<Wired, service::Error>
where
    E: Content<Customer> + Clone,
    R: Content<Reports<Reply>> + Clone,
    S: Source + Clone,
{
    let topics = Topics { events: topics::CUSTOMERS_EVENTS, reports: topics::CUSTOMERS_REPORTS };
    let kept = means.keep(service, database, broker, Rows, topics)?;
    let application = Application::new(service.platform().doubles.around(kept.aggregates));
    let reporter = kept.reporter;
    let participant = Choreographed { application: application.clone(), reporter: reporter.clone() };
    let routes = react(service, database, broker, means.source, participant, reporter)?;
    let again = republish::serve(service, told(database, kept.outbox), store::documents);
    Ok(Wired::on_rows(application, routes.merge(again)))
}

/// What is told again to those who were not there.
fn told(database: &Database, outbox: outbox::Handle) -> republish::Told {
    let (aggregate, topic) = (Customer::NAME, topics::CUSTOMERS_EVENTS);
    republish::Told { source: SOURCE, aggregate, topic, outbox, database: database.clone() }
}

/// Nobody asks: the service follows the ledger, in which everything is kept.
fn event_sourced(
    service: &mut Service,
    database: &Database,
    ledger: &Ledger,
) -> Result<Wired, service::Error> {
    let kept = choreography::ledger::keep(service, ledger)?;
    let application = Application::new(service.platform().doubles.around(kept.aggregates));
    let participant = Choreographed { application: application.clone(), reporter: kept.reporter };
    choreography::ledger::react(service, ledger, database, SOURCE, participant)?;
    Ok(Wired { application, participant: Router::new(), store: Store::Ledger(kept.grid) })
}
