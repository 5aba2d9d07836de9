//! `notification`: others hear only that something happened, and ask; so does the service.

use ::choreography::{Callbacks, Means, Notice, callbacks};
use chassis::service::{self, Service};

use super::SOURCE;

/// Thin events; what they leave out is asked of their owners, at these addresses.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn means(
    service: &Service,
    owners: &callbacks::Addresses,
) -> Result<Means<Notice, Notice, Callbacks>, service::Error> {
    let source = Callbacks::of(service, callbacks::Options::new(SOURCE, owners.clone()))?;
    Ok(Means { events: Notice, reports: Notice, source })
}
