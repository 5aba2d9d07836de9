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
    idempotency::{self, Idempotency},
    platform::Platform,
    problem::Problem,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline, webhook,
};
use contracts::topics;
use database::{Database, Schema, leases};
use journal::Recording;
use saga::tasks::{self, Worker};

use crate::{
    Config, Reach,
    application::{Application, CHARGE, Invoices, MAIL, Wakes},
    audit::{self, Audit},
    charging::Charging,
    http::{self, Api},
    mailing::Mailing,
    outside::{Mail, Payment},
    store::{self, Rows},
    styles::{self, SOURCE, messaging, rest},
};

/// Everything that the service keeps in its database.
pub const SCHEMAS: &[Schema] = &[
    store::SCHEMA,
    tasks::SCHEMA,
    outbox::SCHEMA,
    inbox::SCHEMA,
    journal::SCHEMA,
    idempotency::SCHEMA,
    leases::SCHEMA,
];

/// What a call under way may take once the service is told to stop; given up, it is made again after the next start.
const GRACE: Duration = Duration::from_secs(2);

/// The billing service in one style, serving.
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
        let mut service = Service::new("billing", style, platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = service.open(&config.database, SCHEMAS)?;
        backlog::watch(&mut service, &database)?;
        backlog::watch_tasks(&mut service, &database, &[CHARGE, MAIL])?;

        // The way out: where late answers go, and whether others hear of what happens.
        let client = service.client(client::Options::default())?;
        let outbox = relay(&mut service, &database, publisher(&config.reach, &client), platform)?;
        let answers = styles::answers(outbox.clone());

        // What invoices are asked, and the workers that have them paid and mailed, each at its own pace.
        let wakes = Wakes::default();
        let invoices = platform.doubles.around(invoices(&config.reach, &outbox));
        let application = Application::new(invoices, wakes.clone(), config.decline_backoff);
        let charging = Charging {
            database: database.clone(),
            application: application.clone(),
            payment: Payment::new(client.clone(), &config.payment_url, config.call_timeout),
            answers: answers.clone(),
            random: platform.random().clone(),
        };
        let mailing = Mailing {
            database: database.clone(),
            application: application.clone(),
            mail: Mail::new(client, &config.mail_url, config.call_timeout),
            random: platform.random().clone(),
        };
        let (holder, backoff) = (platform.instance.to_string(), config.call_backoff);
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let charge = Worker::new(CHARGE, database.clone(), charging, wakes.charge, options.clone());
        let mail = Worker::new(MAIL, database.clone(), mailing, wakes.mail, options);
        let observer = service.observers().tasks()?;
        let (charge, mail) = (charge.observed(observer.clone()), mail.observed(observer));
        service.spawn("charge", |drain| async move { charge.run(drain.requested(), GRACE).await });
        service.spawn("mail", |drain| async move { mail.run(drain.requested(), GRACE).await });

        // What repeats by itself.
        let kept = vec![
            Kept::answers(&config.retention),
            Kept::messages(&config.retention),
            Kept::discards(&config.retention),
            Kept::journal(&config.retention),
        ];
        retention::clean(&mut service, platform, &database, kept)?;

        // The ways in last: whoever is let in finds everything running.
        let audit = Router::new().route("/audit", get(audit)).with_state(database.clone());
        service.merge_admin(audit.merge(dead_letters::routes(database.clone())));
        let waits = wakes.changes.clone();
        service.obligations().owe_now("waits", move || waits.listeners());
        let (idempotency, changes, wait) = (Idempotency::new(style), wakes.changes, config.pay_wait);
        let (asked, data) = (application.clone(), database.clone());
        let told = timeline::routes(SOURCE, database.clone());
        let api = http::router(Api { application: asked, database: data, idempotency, changes, wait });
        let participant = match &config.reach {
            Reach::Rest(_) => rest::router(rest::Participant { application, database }),
            Reach::Messaging(broker) => {
                let participant = messaging::Participant { application, answers };
                consume(&mut service, broker, participant, &database)?;
                Router::new()
            }
        };
        let address = service.serve(api.merge(participant).merge(told), config.listen)?;
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

/// Starts what sends messages, and tells where to put them.
fn relay(
    service: &mut Service,
    database: &Database,
    publisher: Arc<dyn Publisher>,
    platform: &Platform,
) -> Result<outbox::Handle, service::Error> {
    let relay = Relay::new(database.clone(), publisher, outbox::Options::new(platform.instance.to_string()));
    let relay = relay.observed(service.observers().messages()?);
    let outbox = relay.handle();
    service.spawn("outbox relay", |drain| async move { relay.run(drain.requested()).await });
    Ok(outbox)
}

/// Where invoices are kept, and whether what happens to them is published.
fn invoices(reach: &Reach, outbox: &outbox::Handle) -> Invoices {
    match reach {
        Reach::Rest(_) => Invoices::new(Recording::new(Rows)),
        Reach::Messaging(_) => {
            let published = Publishing::new(Rows, outbox.clone(), topics::BILLING_EVENTS, SOURCE);
            Invoices::new(Recording::new(published))
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
    let (topic, options) = (topics::BILLING_COMMANDS, consumer::Options::default());
    let consumer = Consumer::new(broker.clone(), topic, SOURCE, participant, database.clone(), options);
    let consumer = consumer.observed(messages);
    service.spawn("commands", |drain| async move { consumer.run(drain.requested()).await });
    Ok(())
}

async fn audit(State(database): State<Database>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async |tx| audit::audit(tx).await).await?))
}
