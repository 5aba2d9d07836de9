//! The one place where the service's parts are put together.

use std::sync::Arc;

use aggregate::Aggregate;
use axum::Router;
use chassis::{
    backlog, client,
    idempotency::Idempotency,
    intake,
    platform::Platform,
    relay, republish,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline,
};
use choreography::{Assembly, Wired, wired};
use contracts::{Style, topics, warehouse::Reply};
use database::Database;
use journal::Recording;
use messaging::{Broker, answers::Late, outbox, publishing::Publishing};

use crate::{
    Config, Reach, admin,
    application::{Application, Products},
    domain::Product,
    http::{self, Api},
    store::{self, Rows, Store},
    styles::{self, SOURCE, messaging::Participant, notification, quotes::Quotes, rest, state_transfer},
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
        let (answers, messages) = (Kept::answers(&config.retention), Kept::messages(&config.retention));
        let mut kept =
            vec![answers, messages, Kept::discards(&config.retention), Kept::journal(&config.retention)];
        if config.reach.style() != Style::EventSourcing {
            kept.push(over); // a ledger forgets nothing
        }
        retention::clean(&mut service, platform, &database, kept)?;
        backlog::watch(&mut service, &database)?;

        // The style: how the others ask, how they are answered, and whether they hear of what happens.
        let wired = match &config.reach {
            Reach::Rest => rest(&service, &database),
            Reach::Messaging(broker) => messaging(&mut service, &database, broker)?,
            Reach::Notification(broker, owners) => {
                let client = service.client(client::Options::default())?;
                let means = notification::means(&service, &client, owners)?;
                means.wire(&mut service, &database, broker, Rows, Plain)?
            }
            Reach::StateTransfer(broker) => {
                state_transfer::means().wire(&mut service, &database, broker, Rows, Plain)?
            }
            Reach::EventSourcing(ledger) => wired::event_sourced(&mut service, &database, ledger, Plain)?,
        };
        let Wired { application, routes, outbox, grid } = wired;
        let store = grid.map_or(Store::Rows, Store::Ledger);
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

/// Orders ask by requests; nobody hears of what happens.
fn rest(service: &Service, database: &Database) -> Wired<Product, Application> {
    let products = Products::new(Recording::new(Rows));
    let application = Application::new(service.platform().doubles.around(products));
    let participant = rest::Participant { application: application.clone(), database: database.clone() };
    Wired { application, routes: rest::router(participant), outbox: None, grid: None }
}

/// Orders ask by messages, and what happens is published.
fn messaging(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
) -> Result<Wired<Product, Application>, service::Error> {
    let outbox = relay::start(service, database, broker.clone())?;
    let products = Publishing::new(Rows, outbox.clone(), topics::WAREHOUSE_EVENTS, SOURCE);
    let answers = styles::answers(outbox.clone());
    let products = Products::new(Recording::new(products));
    let application = Application::new(service.platform().doubles.around(products));
    let participant = Participant { application: application.clone(), answers };
    intake::start(service, database, broker, topics::WAREHOUSE_COMMANDS, SOURCE, participant)?;
    let quotes = Quotes { application: application.clone(), database: database.clone() };
    let asked = broker.clone();
    service.spawn("quotes", |drain| quotes.serve(asked, drain));
    Ok(Wired { application, routes: Router::new(), outbox: Some(outbox), grid: None })
}

/// What is told again to those who were not there.
fn told(database: &Database, outbox: outbox::Handle) -> republish::Told {
    let (aggregate, topic) = (Product::NAME, topics::WAREHOUSE_EVENTS);
    republish::Told { source: SOURCE, aggregate, topic, outbox, database: database.clone() }
}
