//! The one place where the service's parts are put together.

use std::{sync::Arc, time::Duration};

use ::messaging::{answers::Late, inbox, outbox};
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
use choreography::{copies, reports};
use contracts::billing::Reply;
use database::{Database, Schema, leases};
use saga::tasks::{self, Worker};
use wiring::{Assembly, Wired};

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
    styles::{SOURCE, answers, messaging, notification, rest, state_transfer},
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
        let (client, wakes) = (service.client(client::Options::default())?, Wakes::default());
        let changes = wakes.changes.clone();
        let base = Base { config, client, database: database.clone(), wakes };
        let Wired { application, routes, grid, .. } = wired(&config.reach, &mut service, base)?;
        let store = grid.map_or(Store::Rows, Store::Ledger);

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
        let waits = changes.clone();
        service.obligations().owe_now("waits", move || waits.listeners());
        let (idempotency, wait) = (Idempotency::new(style), config.pay_wait);
        let told = timeline::routes(SOURCE, database.clone());
        let api = http::router(Api { application, database, store, idempotency, changes, wait });
        let address = service.serve(api.merge(routes).merge(told), config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// What each style makes of it.
fn wired(
    reach: &Reach,
    service: &mut Service,
    base: Base<'_>,
) -> Result<Wired<Invoice, Application>, service::Error> {
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
    wakes: Wakes,
}

/// What invoices are asked, and the workers that have them paid and mailed, each at its own pace.
impl Assembly<Invoice> for Base<'_> {
    type Participant = Application;

    fn assemble(
        self,
        service: &mut Service,
        invoices: Invoices,
        late: Arc<dyn Late<Reply>>,
    ) -> Result<Application, service::Error> {
        let Self { config, client, database, wakes } = self;
        let invoices = service.platform().doubles.around(invoices);
        let application = Application::new(invoices, wakes.clone(), config.decline_backoff);
        let charging = Charging {
            database: database.clone(),
            application: application.clone(),
            payment: Payment::new(client.clone(), &config.payment_url, config.call_timeout),
            late,
            random: service.platform().random().clone(),
        };
        let mailing = Mailing {
            database: database.clone(),
            application: application.clone(),
            mail: Mail::new(client, &config.mail_url, config.call_timeout),
            random: service.platform().random().clone(),
        };
        let (holder, backoff) = (service.platform().instance.to_string(), config.call_backoff);
        let options = tasks::Options { holder, backoff, ..tasks::Options::default() };
        let observer = service.observers().tasks()?;
        let charge = Worker::new(CHARGE, database.clone(), charging, wakes.charge, options.clone());
        let charge = charge.observed(observer.clone());
        let mail = Worker::new(MAIL, database, mailing, wakes.mail, options).observed(observer);
        service.spawn("charge", |drain| async move { charge.run(drain.requested(), GRACE).await });
        service.spawn("mail", |drain| async move { mail.run(drain.requested(), GRACE).await });
        Ok(application)
    }
}

async fn audit(State((database, store)): State<(Database, Store)>) -> Result<Json<Audit>, Problem> {
    Ok(Json(database.read(async move |tx| audit::audit(&store, tx).await).await?))
}
