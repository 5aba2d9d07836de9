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
    idempotency::{self, Idempotency},
    platform::Platform,
    problem::Problem,
    relay,
    retention::{self, Kept},
    service::{self, Running, Service},
    timeline, webhook,
};
use contracts::{billing::Reply, topics};
use database::{Database, Schema, leases};
use event_store::Ledger;
use journal::Recording;
use saga::tasks::{self, Worker};

use crate::{
    Config, Reach,
    application::{Application, CHARGE, Invoices, MAIL, Wakes},
    audit::{self, Audit},
    charging::Charging,
    domain::Invoice,
    http::{self, Api},
    mailing::Mailing,
    outside::{Mail, Payment},
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
    idempotency::SCHEMA,
    leases::SCHEMA,
    reports::SCHEMA,
    copies::SCHEMA,
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
        let database = match &config.reach {
            Reach::EventSourcing(ledger) => service.share(ledger.database(), SOURCE),
            _ => service.open(&config.database, SCHEMAS)?,
        };
        backlog::watch(&mut service, &database)?;
        backlog::watch_tasks(&mut service, &database, &[CHARGE, MAIL])?;

        // The style: how the others ask, how they are answered, and whether they hear of what happens.
        let client = service.client(client::Options::default())?;
        let Wired { invoices, late, store, enter } = match &config.reach {
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

        // What invoices are asked, and the workers that have them paid and mailed, each at its own pace.
        let wakes = Wakes::default();
        let invoices = platform.doubles.around(invoices);
        let application = Application::new(invoices, wakes.clone(), config.decline_backoff);
        let charging = Charging {
            database: database.clone(),
            application: application.clone(),
            payment: Payment::new(client.clone(), &config.payment_url, config.call_timeout),
            late,
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
        let audit = Router::new().route("/audit", get(audit)).with_state((database.clone(), store.clone()));
        service.merge_admin(audit.merge(dead_letters::routes(database.clone())));
        let waits = wakes.changes.clone();
        service.obligations().owe_now("waits", move || waits.listeners());
        let (idempotency, changes, wait) = (Idempotency::new(style), wakes.changes, config.pay_wait);
        let (asked, data) = (application.clone(), database.clone());
        let told = timeline::routes(SOURCE, database.clone());
        let api = http::router(Api { application: asked, database: data, store, idempotency, changes, wait });
        let participant = enter(&mut service, application)?;
        let address = service.serve(api.merge(participant).merge(told), config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What a style makes of the service.
struct Wired {
    /// Where invoices are kept, and whether others hear of what happens to them.
    invoices: Invoices,
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
        invoices: Invoices::new(Recording::new(Rows)),
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
    let published = Publishing::new(Rows, outbox.clone(), topics::BILLING_EVENTS, SOURCE);
    let (answers, database, broker) = (styles::answers(outbox), database.clone(), broker.clone());
    Ok(Wired {
        invoices: Invoices::new(Recording::new(published)),
        late: Arc::new(answers.clone()),
        store: Store::Rows,
        enter: Box::new(move |service, application| {
            let participant = messaging::Participant { application, answers };
            let (topic, options) = (topics::BILLING_COMMANDS, consumer::Options::default());
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
    E: Content<Invoice> + Clone,
    R: Content<Reports<Reply>> + Clone,
    S: Source + Clone,
{
    let topics = Topics { events: topics::BILLING_EVENTS, reports: topics::BILLING_REPORTS };
    let kept = means.keep(service, database, broker, Rows, topics)?;
    let (reporter, database, broker) = (kept.reporter, database.clone(), broker.clone());
    let source = means.source;
    Ok(Wired {
        invoices: kept.aggregates,
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
        invoices: kept.aggregates,
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
