//! The way in of a service's messages.

use std::sync::Arc;

use database::Database;
use messaging::{Broker, Consumer, Handler, consumer::Options};

use crate::service::{self, Service};

/// Has a service handle the messages of a topic until it is drained. `group` is what it is called by the broker and in the
/// inbox of `database`.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn start(
    service: &mut Service,
    database: &Database,
    broker: &Arc<dyn Broker>,
    topic: &'static str,
    group: &'static str,
    handler: impl Handler,
) -> Result<(), service::Error> {
    let options = Options::default();
    let consumer = Consumer::new(broker.clone(), topic, group, handler, database.clone(), options);
    let consumer = consumer.observed(service.observers().messages()?);
    service.spawn(topic, |drain| async move { consumer.run(drain.requested()).await });
    Ok(())
}
