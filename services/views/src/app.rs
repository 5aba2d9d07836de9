//! The one place where the service's parts are put together.

use std::sync::Arc;

use chassis::{
    client,
    platform::Platform,
    retention::{self, Kept},
    service::{self, Running, Service},
};
use messaging::{Consumer, consumer};

use crate::{
    Config,
    admin::{self, Admin},
    follow::{Follower, TOPICS},
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
        let lag = Lag::new(platform.clock.clone(), service.metrics())?;
        let (projector, rebuild) = (Projector::default(), Handle::default());
        let (reads, observer) = (config.feed.reads(), service.observers().messages()?);
        for topic in TOPICS {
            let (projector, lag, rebuild) = (projector.clone(), lag.clone(), rebuild.clone());
            let follower = Follower { reads, projector, lag: lag.clone(), rebuild };
            let (broker, options) = (config.feed.broker().clone(), consumer::Options::default());
            let consumer = Consumer::new(broker, topic, &config.group, follower, database.clone(), options);
            let consumer = consumer.observed(observer.clone());
            let backlog = consumer.backlog();
            lag.follow(move || backlog.messages());
            service.spawn(topic, |drain| async move { consumer.run(drain.requested()).await });
        }

        // What builds them: the first time, and whenever it is asked to.
        let client = service.client(client::Options::default())?;
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
