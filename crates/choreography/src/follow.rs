//! Following the topics that a service reacts to.

use std::sync::Arc;

use chassis::service::{self, Service};
use database::Database;
use messaging::{Broker, Consumer, consumer};

use crate::{
    facts::Source,
    policy,
    reactor::{Reactor, Reacts},
};

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
    let mut topics = policy::topics(reactor.participant.policies());
    topics.extend(reactor.source.topics());
    topics.sort_unstable();
    topics.dedup();
    let observer = service.observers().messages()?;
    for topic in topics {
        let (broker, database) = (broker.clone(), database.clone());
        let options = consumer::Options::default();
        let consumer = Consumer::new(broker, topic, group, reactor.clone(), database, options);
        let consumer = consumer.observed(observer.clone());
        service.spawn(topic, |drain| async move { consumer.run(drain.requested()).await });
    }
    Ok(())
}
