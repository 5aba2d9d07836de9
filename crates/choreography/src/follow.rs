//! Following the topics that a service reacts to.

use std::{sync::Arc, time::Duration};

use chassis::service::{self, Service};
use database::Database;
use messaging::{Backoff, Broker, Consumer, consumer};

use crate::{
    facts::Source,
    policy,
    reactor::{Reactor, Reacts},
};

/// The longest wait before the second attempt at a message that has to wait.
const FIRST_WAIT: Duration = Duration::from_millis(5);

/// Has a service hear of all that it reacts to, and of all that its facts come from, until it is drained. `group` is what
/// it is called by the broker and in the inbox of `database`.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn follow<P, S>(
    service: &mut Service,
    broker: &Arc<dyn Broker>,
    group: &'static str,
    database: &Database,
    reactor: Reactor<P, S>,
) -> Result<(), service::Error>
where
    P: Reacts + Clone,
    S: Source + Clone,
{
    reactor.source.watch(service, database)?;
    reactor.source.begin(service, broker, group, database);
    let mut topics = policy::topics(reactor.participant.policies());
    topics.extend(reactor.source.topics());
    topics.sort_unstable();
    topics.dedup();
    let observer = service.observers().messages()?;
    // What has to wait mostly waits for a message that is on its way by another topic.
    let options = consumer::Options {
        backoff: Backoff { first: FIRST_WAIT, ..Backoff::default() },
        ..consumer::Options::default()
    };
    for topic in topics {
        let (broker, database) = (broker.clone(), database.clone());
        let consumer = Consumer::new(broker, topic, group, reactor.clone(), database, options.clone());
        let consumer = consumer.observed(observer.clone());
        service.spawn(topic, |drain| async move { consumer.run(drain.requested()).await });
    }
    Ok(())
}
