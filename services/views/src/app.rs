//! The one place where the service's parts are put together.

use std::sync::Arc;

use chassis::{
    client::{self, HttpClient},
    platform::Platform,
    retention::{self, Kept},
    service::{self, Running, Service},
};
use choreography::{Callbacks, callbacks};
use database::Database;
use messaging::{Broker, Consumer, Enriched, consumer};

use crate::{
    Config, Feed,
    admin::{self, Admin},
    follow::{Asking, Follower, TOPICS},
    http::{self, Api},
    ingest,
    lag::Lag,
    ledger::Builder,
    projector::Projector,
    rebuild::{Handle, Leader, OverHttp, Rebuilder},
    store,
};

/// The query side in one style, serving.
pub struct App;

impl App {
    /// Starts the service; it blocks while the database is opened. It is ready before its views are complete: an answer says which
    /// generation it is from, and whether that is still being built.
    ///
    /// # Errors
    /// If the database cannot be opened, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Running, service::Error> {
        // The frame, which stops in reverse what is started here.
        let mut service = Service::new("views", config.style.as_str(), platform, config.limits.clone())?;

        // The data, closed when nobody uses it any more.
        let database = service.open(&config.database, store::SCHEMAS)?;

        // What repeats by itself: forgetting what is of no use any more, and looking at what waits.
        let messages = Kept::messages(&config.retention);
        let kept = vec![messages, Kept::discards(&config.retention), Kept::journal(&config.retention)];
        retention::clean(&mut service, platform, &database, kept)?;
        admin::gauges(&mut service, &database)?;

        // What keeps the views up to date: a consumer for each owner.
        let client = service.client(client::Options::default())?;
        let lag = Lag::new(platform.clock.clone(), service.metrics())?;
        let (projector, rebuild) = (Projector::default(), Handle::default());
        match &config.feed {
            Feed::Ledger(ledger) => {
                let builder = Builder {
                    ledger: ledger.clone(),
                    leader: Leader { database: database.clone(), holder: platform.instance.to_string() },
                    projector: projector.clone(),
                    lag: lag.clone(),
                    ids: platform.ids.clone(),
                    handle: rebuild.clone(),
                };
                service.spawn("ledger", |drain| builder.run(drain));
            }
            Feed::Events(broker) => {
                let follower = Follower::new(ingest::events, &projector, &lag, &rebuild);
                follow(&mut service, config, broker, &database, &lag, follower)?;
                republished(&mut service, config, broker, &database, &rebuild, client);
            }
            Feed::Documents(broker) => {
                let follower = Follower::new(ingest::state, &projector, &lag, &rebuild);
                follow(&mut service, config, broker, &database, &lag, follower)?;
                republished(&mut service, config, broker, &database, &rebuild, client);
            }
            Feed::Notices(broker, owners) => {
                let follower = Follower::new(ingest::state, &projector, &lag, &rebuild);
                let options = callbacks::Options::new("views", owners.clone());
                let callbacks = Callbacks::of(&service, &client, options)?;
                let asking = Asking { follower, callbacks };
                follow(&mut service, config, broker, &database, &lag, asking)?;
                republished(&mut service, config, broker, &database, &rebuild, client);
            }
        }

        // The API last: whoever is let in finds everything running.
        service.merge_admin(admin::routes(Admin {
            database: database.clone(),
            ids: platform.ids.clone(),
            rebuild,
        }));
        let api = http::router(Api { database, projector, lag });
        let address = service.serve(api, config.listen)?;
        Ok(Running::new(service, address))
    }
}

/// Has what the owners tell taken in, by a consumer for each.
fn follow(
    service: &mut Service,
    config: &Config,
    broker: &Arc<dyn Broker>,
    database: &Database,
    lag: &Lag,
    follower: impl Enriched + Clone,
) -> Result<(), service::Error> {
    let observer = service.observers().messages()?;
    for topic in TOPICS {
        let (broker, follower) = (broker.clone(), follower.clone());
        let options = consumer::Options { together: true, ..consumer::Options::default() };
        let consumer = Consumer::new(broker, topic, &config.group, follower, database.clone(), options);
        let consumer = consumer.observed(observer.clone());
        let backlog = consumer.backlog();
        lag.follow(topic, move || backlog.messages());
        service.spawn(topic, |drain| async move { consumer.run(drain.requested()).await });
    }
    Ok(())
}

/// Builds generations of what the owners publish again: the first by itself, and another whenever it is asked to.
fn republished(
    service: &mut Service,
    config: &Config,
    broker: &Arc<dyn Broker>,
    database: &Database,
    handle: &Handle,
    client: HttpClient,
) {
    let platform = service.platform();
    let owners = OverHttp { client, owners: config.owners.clone(), random: platform.random().clone() };
    let rebuilder = Rebuilder {
        leader: Leader { database: database.clone(), holder: platform.instance.to_string() },
        broker: broker.clone(),
        group: config.group.clone(),
        owners: Arc::new(owners),
        ids: platform.ids.clone(),
        handle: handle.clone(),
    };
    service.spawn("rebuild", |drain| rebuilder.run(drain));
}
