//! The one place where the service's parts are put together.

use std::sync::Arc;

use ::messaging::{answers::Late, outbox};
use aggregate::Aggregate;
use chassis::{
    backlog, client,
    idempotency::Idempotency,
    platform::Platform,
    republish,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline,
};
use contracts::{Style, topics, warehouse::Reply};
use database::Database;
use journal::Recording;
use wiring::{Assembly, Wired};

use crate::{
    Config, Reach, admin,
    application::{Application, Products},
    domain::Product,
    http::{self, Api},
    store::{self, Rows, Store},
    styles::{SOURCE, answers, messaging, notification, quotes::Quotes, rest, state_transfer},
};

/// The warehouse service in one style, serving.
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
        let mut service = Service::new("warehouse", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = match &config.reach {
            Reach::EventSourcing(ledger) => service.share(ledger.database(), SOURCE),
            _ => service.open(&config.database, store::SCHEMAS)?,
        };

        // What repeats by itself: forgetting what is of no use any more, and looking at what waits.
        let over = Kept::new("reservations", config.retention.tombstones, store::oldest, store::forget);
        let mut kept = vec![
            Kept::answers(&config.retention),
            Kept::messages(&config.retention),
            Kept::discards(&config.retention),
            Kept::journal(&config.retention),
        ];
        if config.reach.style() != Style::EventSourcing {
            kept.push(over); // a ledger forgets nothing
        }
        retention::clean(&mut service, platform, &database, kept)?;
        backlog::watch(&mut service, &database)?;

        // The style: how the others ask, how they are answered, and whether they hear of what happens.
        let Wired { application, routes, outbox, grid } = wired(&config.reach, &mut service, &database)?;
        let store = grid.map_or(Store::Rows, Store::Ledger);
        if let (Reach::StateTransfer(broker), Some(outbox)) = (&config.reach, &outbox) {
            let told = told(&database, outbox.clone());
            republish::answer(&mut service, broker, topics::WAREHOUSE_REPUBLISH, told, store::documents);
        }
        let again =
            outbox.map(|outbox| republish::serve(&mut service, told(&database, outbox), store::documents));

        // The API last: whoever is let in finds everything running.
        service.merge_admin(admin::routes(database.clone(), store.clone()));
        let told = timeline::routes(SOURCE, database.clone());
        let idempotency = Idempotency::new(style);
        let api = http::router(Api { application, database, store, idempotency });
        let api = api.merge(routes).merge(again.unwrap_or_default()).merge(told);
        let address = service.serve(api, config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What each style makes of it.
fn wired(
    reach: &Reach,
    service: &mut Service,
    database: &Database,
) -> Result<Wired<Product, Application>, service::Error> {
    Ok(match reach {
        Reach::Rest(()) => {
            let products = service.platform().doubles.around(Products::new(Recording::new(Rows)));
            let application = Application::new(products);
            Wired::by_itself(application.clone(), rest::router(application, database.clone()))
        }
        Reach::Messaging(broker) => {
            let wired =
                wiring::messaging(service, database, broker, Rows, answers, messaging::handler, Plain)?;
            let quotes = Quotes { application: wired.application.clone(), database: database.clone() };
            let asked = broker.clone();
            service.spawn("quotes", |drain| quotes.serve(asked, drain));
            wired
        }
        Reach::Notification(broker, owners) => {
            let client = service.client(client::Options::default())?;
            let means = notification::means(service, &client, owners)?;
            wiring::choreographed(service, database, broker, means, Rows, Plain)?
        }
        Reach::StateTransfer(broker) => {
            let means = state_transfer::means();
            wiring::choreographed(service, database, broker, means, Rows, Plain)?
        }
        Reach::EventSourcing(ledger) => wiring::event_sourced(service, database, ledger, Plain)?,
    })
}

/// What products are asked, whatever the style: nothing goes on by itself, and nothing is known late.
struct Plain;

impl Assembly<Product> for Plain {
    type Participant = Application;

    fn assemble(
        self,
        service: &mut Service,
        products: Products,
        _late: Arc<dyn Late<Reply>>,
    ) -> Result<Application, service::Error> {
        Ok(Application::new(service.platform().doubles.around(products)))
    }
}

/// What is told again to those who were not there.
fn told(database: &Database, outbox: outbox::Handle) -> republish::Told {
    let (aggregate, topic) = (Product::NAME, topics::WAREHOUSE_EVENTS);
    republish::Told { source: SOURCE, aggregate, topic, outbox, database: database.clone() }
}
