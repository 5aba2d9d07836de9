//! The one place where the service's parts are put together.

use std::sync::Arc;

use axum::Router;
use chassis::{
    backlog,
    idempotency::Idempotency,
    platform::Platform,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline,
};
use contracts::topics;
use database::Database;
use journal::Recording;
use messaging::{
    Broker, Consumer, consumer,
    outbox::{self, Relay},
    publishing::Publishing,
};

use crate::{
    Config, Reach, admin,
    application::{Application, Customers},
    http::{self, Api},
    store::{self, Rows},
    styles::{self, SOURCE, messaging::Participant, rest},
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
        let database = service.open(&config.database, store::SCHEMAS)?;

        // What repeats by itself: forgetting what is of no use any more, and looking at what waits.
        let over = Kept::new("reservations", config.retention.tombstones, store::oldest, store::forget);
        let (answers, messages) = (Kept::answers(&config.retention), Kept::messages(&config.retention));
        let kept = vec![
            answers,
            messages,
            Kept::discards(&config.retention),
            Kept::journal(&config.retention),
            over,
        ];
        retention::clean(&mut service, platform, &database, kept)?;
        backlog::watch(&mut service, &database)?;

        // The style: how the others ask, how they are answered, and whether they hear of what happens.
        let (application, participant) = match &config.reach {
            Reach::Rest => rest(platform, &database),
            Reach::Messaging(broker) => messaging(&mut service, platform, &database, broker)?,
        };

        // The API last: whoever is let in finds everything running.
        service.merge_admin(admin::routes(database.clone()));
        let told = timeline::routes(SOURCE, database.clone());
        let idempotency = Idempotency::new(style);
        let api = http::router(Api { application, database, idempotency, ids: platform.ids.clone() });
        let address = service.serve(api.merge(participant).merge(told), config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// Orders ask by requests; nobody hears of what happens.
fn rest(platform: &Platform, database: &Database) -> (Application, Router) {
    let application = Application::new(platform.doubles.around(Customers::new(Recording::new(Rows))));
    let participant = rest::Participant { application: application.clone(), database: database.clone() };
    (application, rest::router(participant))
}

/// Orders ask by messages, and what happens is published.
fn messaging(
    service: &mut Service,
    platform: &Platform,
    database: &Database,
    broker: &Arc<dyn Broker>,
) -> Result<(Application, Router), service::Error> {
    let messages = service.observers().messages()?;
    let options = outbox::Options::new(platform.instance.to_string());
    let relay = Relay::new(database.clone(), broker.clone(), options).observed(messages.clone());
    let outbox = relay.handle();
    service.spawn("outbox relay", |drain| async move { relay.run(drain.requested()).await });

    let customers = Publishing::new(Rows, outbox.clone(), topics::CUSTOMERS_EVENTS, SOURCE);
    let application = Application::new(platform.doubles.around(Customers::new(Recording::new(customers))));

    let participant = Participant { application: application.clone(), answers: styles::answers(outbox) };
    let (topic, options) = (topics::CUSTOMERS_COMMANDS, consumer::Options::default());
    let consumer = Consumer::new(broker.clone(), topic, SOURCE, participant, database.clone(), options);
    let consumer = consumer.observed(messages);
    service.spawn("commands", |drain| async move { consumer.run(drain.requested()).await });
    Ok((application, Router::new()))
}
