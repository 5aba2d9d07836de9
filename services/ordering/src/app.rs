//! The one place where the parts of ordering are put together.

use std::{sync::Arc, time::Duration};

use ::choreography::{Reactor, Source, callbacks::Addresses, copies, follow};
use aggregate::Aggregate;
use axum::Router;
use chassis::{
    changes::Changes,
    client, dead_letters,
    idempotency::{self, Idempotency},
    intake,
    platform::Platform,
    relay, republish,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline,
};
use contracts::topics;
use database::{Database, Schema, Statement, leases};
use event_store::Ledger;
use journal::Recording;
use messaging::{
    Broker, inbox, outbox,
    publishing::{Content, Publishing},
};
use saga::{
    Definition, Runner,
    tasks::{self, Backoff, Wake, Worker},
};

use crate::{
    admin,
    application::{Application, Orders},
    catalogue::Catalogue,
    config::{Config, Endpoints, Reach},
    domain::Order,
    http::{self, Api},
    ledger,
    process::{Orchestrated, PlaceOrder, Process},
    store::{self, Rows, Store},
    styles::{
        call::{Caller, Deciding, Participants},
        choreography, event_sourcing,
        messaging::ByMessage,
        notification, quotes,
        replies::{self, CONSUMER, Replies},
        rest::ByCall,
        state_transfer,
    },
};

/// Every table in ordering's database.
pub const SCHEMAS: &[Schema] = &[
    store::SCHEMA,
    saga::SCHEMA,
    tasks::SCHEMA,
    leases::SCHEMA,
    idempotency::SCHEMA,
    outbox::SCHEMA,
    inbox::SCHEMA,
    journal::SCHEMA,
    copies::SCHEMA,
];

/// Every statement on them: those of orders, and those of the parts that have tables of their own.
pub const STATEMENTS: &[&[&[Statement]]] = &[
    store::STATEMENTS,
    &[saga::STATEMENTS, tasks::STATEMENTS, leases::STATEMENTS, idempotency::STATEMENTS],
    &[outbox::STATEMENTS, inbox::STATEMENTS, messaging::dead_letters::STATEMENTS, journal::STATEMENTS],
    &[copies::STATEMENTS],
];

/// What the service is called.
const NAME: &str = "ordering";

/// How long tasks under way may take to finish when ordering stops; they go on at the next start.
const TASK_GRACE: Duration = Duration::from_secs(2);

/// Ordering in one style: built, listening, and running until it is stopped.
pub struct App;

impl App {
    /// Makes every part in the order in which they need each other, and starts them.
    ///
    /// # Errors
    /// Its database cannot be opened, or its port is taken.
    pub fn build(config: &Config, platform: &Platform) -> Result<Running, service::Error> {
        let mut service = Service::new(NAME, config.reach.style().as_str(), platform, config.limits.clone())?;

        // The database first: everything else stands on it, and it is closed last.
        let database = match &config.reach {
            Reach::EventSourcing(ledger) => service.share(ledger.database(), NAME),
            _ => service.open(&config.database, SCHEMAS)?,
        };

        // The style: how participants are asked and how they answer, how products are priced, how orders are kept.
        let base = Base {
            platform,
            config,
            database: database.clone(),
            changes: Changes::new(),
            wake: Wake::default(),
        };
        let Wired { application, catalogue, store, routes } = match &config.reach {
            Reach::Rest(endpoints) => base.rest(&mut service, endpoints)?,
            Reach::Messaging(broker) => base.messaging(&mut service, broker)?,
            Reach::Notification(broker, owners) => base.notification(&mut service, broker, owners)?,
            Reach::StateTransfer(broker) => base.state_transfer(&mut service, broker)?,
            Reach::EventSourcing(ledger) => base.event_sourced(&mut service, ledger)?,
        };
        let changes = base.changes;
        let waits = changes.clone();
        service.obligations().owe_now("waits", move || waits.listeners());

        // What is forgotten when it is of no use any more. Orders, their lines and their statuses stay.
        let sagas = Kept::new("sagas", config.retention.sagas, saga::oldest_finished, saga::forget);
        let (answers, messages) = (Kept::answers(&config.retention), Kept::messages(&config.retention));
        let kept = vec![
            answers,
            messages,
            Kept::discards(&config.retention),
            Kept::journal(&config.retention),
            sagas,
        ];
        retention::clean(&mut service, platform, &database, kept)?;

        // What operators see.
        admin::gauges(&mut service, &database, store.clone())?;

        // The API last: whoever is let in finds everything running.
        let api = Api {
            application,
            catalogue,
            database: database.clone(),
            store: store.clone(),
            idempotency: Idempotency::new(config.reach.style().as_str()),
            changes,
            ids: platform.ids.clone(),
            wait: config.wait,
            stopping: service.serving(),
        };
        let routes = routes.merge(http::router(api)).merge(timeline::routes(NAME, database.clone()));
        service.merge_admin(admin::routes(database.clone(), store).merge(dead_letters::routes(database)));
        let address = service.serve(routes, config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What every style is made with.
struct Base<'a> {
    platform: &'a Platform,
    config: &'a Config,
    database: Database,
    changes: Changes,
    wake: Wake,
}

/// What a style makes of it.
struct Wired {
    application: Arc<Application>,
    catalogue: Arc<dyn Catalogue>,
    store: Store,
    routes: Router,
}

impl Base<'_> {
    /// Participants are called over HTTP; what they answer later is posted here.
    fn rest(&self, service: &mut Service, endpoints: &Endpoints) -> Result<Wired, service::Error> {
        let (client, timeout) = (service.client(client::Options::default())?, self.config.timeout);
        let warehouse = endpoints.warehouse.clone();
        let catalogue = Arc::new(quotes::ByCall { client: client.clone(), warehouse, timeout });

        let (endpoints, patience) = (endpoints.clone(), self.config.patience);
        let by_call = ByCall { client, endpoints, timeout, patience, random: self.platform.random().clone() };
        let orders = Orders::new(Recording::new(Rows));
        let application = self.orchestrated(service, orders, by_call, Backoff::default())?;

        let replies = Replies { application: application.clone() };
        let routes = replies::webhook(replies, self.database.clone(), service.observers().messages()?);
        Ok(Wired { application, catalogue, store: Store::Rows, routes })
    }

    /// Participants are sent messages, and so are their answers; what happens to orders is published.
    fn messaging(&self, service: &mut Service, broker: &Arc<dyn Broker>) -> Result<Wired, service::Error> {
        let outbox = relay::start(service, &self.database, broker.clone())?;
        let catalogue = Arc::new(quotes::ByMessage {
            broker: broker.clone(),
            ids: self.platform.ids.clone(),
            clock: self.platform.clock.clone(),
            timeout: self.config.timeout,
        });

        let (database, patience) = (self.database.clone(), self.config.patience);
        let ids = self.platform.ids.clone();
        let by_message = ByMessage { outbox: outbox.clone(), database, ids, patience };
        let relaying = outbox.clone();
        let published = Publishing::new(Rows, outbox, topics::ORDERING_EVENTS, NAME);
        let orders = Orders::new(Recording::new(published));
        let backoff = Backoff { first: patience, most: 8 * patience };
        let application = self.orchestrated(service, orders, by_message, backoff)?;

        let replies = Replies { application: application.clone() };
        intake::start(service, &self.database, broker, topics::ORDERING_REPLIES, CONSUMER, replies)?;
        let routes = self.republish(service, relaying);
        Ok(Wired { application, catalogue, store: Store::Rows, routes })
    }

    /// Tells all orders again to those who were not there.
    fn republish(&self, service: &mut Service, outbox: outbox::Handle) -> Router {
        let (aggregate, topic) = (Order::NAME, topics::ORDERING_EVENTS);
        let database = self.database.clone();
        let told = republish::Told { source: NAME, aggregate, topic, outbox, database };
        if let Reach::StateTransfer(broker) = &self.config.reach {
            republish::answer(service, broker, topics::ORDERING_REPUBLISH, told.clone(), store::documents);
        }
        republish::serve(service, told, store::documents)
    }

    /// Others hear that something happened, and ask; so does ordering.
    fn notification(
        &self,
        service: &mut Service,
        broker: &Arc<dyn Broker>,
        owners: &Addresses,
    ) -> Result<Wired, service::Error> {
        let client = service.client(client::Options::default())?;
        let source = notification::source(service, &client, owners)?;
        let catalogue = Arc::new(notification::Asked(source.clone()));
        self.choreographed(service, broker, notification::Events, source, catalogue)
    }

    /// Others hear what has become of everything; so does ordering.
    fn state_transfer(
        &self,
        service: &mut Service,
        broker: &Arc<dyn Broker>,
    ) -> Result<Wired, service::Error> {
        let source = state_transfer::source();
        let (database, changes) = (self.database.clone(), source.changes.clone());
        let catalogue = Arc::new(state_transfer::Told { database, changes });
        self.choreographed(service, broker, state_transfer::events(), source, catalogue)
    }

    /// Orders whose process nobody decides: ordering reacts to what it hears, and others hear of what happens.
    fn choreographed(
        &self,
        service: &mut Service,
        broker: &Arc<dyn Broker>,
        events: impl Content<Order>,
        source: impl Source + Clone,
        catalogue: Arc<dyn Catalogue>,
    ) -> Result<Wired, service::Error> {
        let outbox = relay::start(service, &self.database, broker.clone())?;
        let again = self.republish(service, outbox.clone());
        let published = Publishing::new(Rows, outbox, topics::ORDERING_EVENTS, NAME).carrying(events);
        let orders = Orders::new(Recording::new(published));
        let application = Arc::new(self.application(orders, Process::Choreographed));

        let participant = choreography::Participant { application: application.clone() };
        follow(service, broker, CONSUMER, &self.database, Reactor { participant, source })?;
        Ok(Wired { application, catalogue, store: Store::Rows, routes: again })
    }

    /// Likewise, where everything is kept in a ledger: ordering follows it, and so do the others.
    fn event_sourced(&self, service: &mut Service, ledger: &Ledger) -> Result<Wired, service::Error> {
        let (grid, orders) = ::choreography::ledger::aggregates(service, ledger)?;
        let application = Arc::new(self.application(orders, Process::Choreographed));
        let participant = choreography::Participant { application: application.clone() };
        ::choreography::ledger::react(service, ledger, &self.database, NAME, participant)?;

        let offers = ::choreography::ledger::offers(service, ledger)?;
        let catalogue = Arc::new(event_sourcing::Published { offers, database: self.database.clone() });
        let store = Store::Ledger(ledger::Orders::new(grid));
        Ok(Wired { application, catalogue, store, routes: Router::new() })
    }

    fn application(&self, orders: Orders, process: Process) -> Application {
        Application::new(self.platform.doubles.around(orders), process, self.changes.clone())
    }

    /// Orders whose process is a saga, and the worker that asks participants for it until they have answered.
    fn orchestrated<P: Participants + Clone>(
        &self,
        service: &mut Service,
        orders: Orders,
        participants: P,
        backoff: Backoff,
    ) -> Result<Arc<Application>, service::Error> {
        let observer = service.observers().sagas()?;
        let saga = Runner::new(Deciding(participants.clone()), self.wake.clone()).observed(observer.clone());
        let process = Process::Orchestrated(Orchestrated::by(saga));
        let application = Arc::new(self.application(orders, process));

        let caller =
            Caller { application: application.clone(), database: self.database.clone(), participants };
        let holder = self.platform.instance.to_string();
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let worker = Worker::new(PlaceOrder::NAME, self.database.clone(), caller, self.wake.clone(), options);
        let worker = worker.observed(observer);
        service.spawn("saga", |drain| async move { worker.run(drain.requested(), TASK_GRACE).await });
        Ok(application)
    }
}
