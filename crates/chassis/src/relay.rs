//! The way out of a service's messages.

use std::sync::Arc;

use database::Database;
use messaging::{
    Publisher,
    outbox::{self, Relay},
};

use crate::service::{self, Service};

/// Has what is put into the outbox of `database` published, until the service is drained; tells where to put it.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn start(
    service: &mut Service,
    database: &Database,
    publisher: Arc<dyn Publisher>,
) -> Result<outbox::Handle, service::Error> {
    let options = outbox::Options::new(service.platform().instance.to_string());
    let relay = Relay::new(database.clone(), publisher, options).observed(service.observers().messages()?);
    let outbox = relay.handle();
    service.spawn("outbox relay", |drain| async move { relay.run(drain.requested()).await });
    Ok(outbox)
}
