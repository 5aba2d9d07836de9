//! The one place where the service's parts are put together.

use std::sync::Arc;

use chassis::{
    client,
    platform::Platform,
    retention::{self, Kept},
    service::{self, Running, Service},
};
use choreography::{Callbacks, callbacks};
use database::Database;
use messaging::{Consumer, Enriched, consumer};

use crate::{
    Config, Feed,
    admin::{self, Admin},
    follow::{Asking, Follower, TOPICS},
    http::{self, Api},
    lag::Lag,
    projector::Projector,
    rebuild::{Handle, OverHttp, Rebuilder},
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
        let follower = Follower {
            reads: config.feed.reads(),
            projector: projector.clone(),
            lag: lag.clone(),
            rebuild: rebuild.clone(),
        };
        match &config.feed {
            Feed::Events(_) | Feed::Documents(_) => follow(&mut service, config, &database, &lag, follower)?,
            Feed::Notices(_, owners) => {
                let options = callbacks::Options::new("views", owners.clone());
                let callbacks = Callbacks::of(&service, &client, options)?;
                follow(&mut service, config, &database, &lag, Asking { follower, callbacks })?;
            }
        }

        // What builds them: the first time, and whenever it is asked to.
        let owners = OverHttp { client, owners: config.owners.clone(), random: platform.random().clone() };
        let rebuilder = Rebuilder {
            database: database.clone(),
            broker: config.feed.broker().clone(),
            group: config.group.clone(),
            owners: Arc::new(owners),
            ids: platform.ids.clone(),
            holder: platform.instance.to_string(),
            handle: rebuild.clone(),
        };
        service.spawn("rebuild", |drain| rebuilder.run(drain));

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
    database: &Database,
    lag: &Lag,
    follower: impl Enriched + Clone,
) -> Result<(), service::Error> {
    let observer = service.observers().messages()?;
    for topic in TOPICS {
        let (broker, follower) = (config.feed.broker().clone(), follower.clone());
        let options = consumer::Options { together: true, ..consumer::Options::default() };
        let consumer = Consumer::new(broker, topic, &config.group, follower, database.clone(), options);
        let consumer = consumer.observed(observer.clone());
        let backlog = consumer.backlog();
        lag.follow(move || backlog.messages());
        service.spawn(topic, |drain| async move { consumer.run(drain.requested()).await });
    }
    Ok(())
}
