//! `notification`: others hear only that something happened, and ask; so does the service.

use ::choreography::{Callbacks, Means, Notice, callbacks};
use chassis::{
    client::HttpClient,
    service::{self, Service},
};

use super::SOURCE;

/// Thin events; what they leave out is asked of their owners, at these addresses.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn means(
    service: &Service,
    client: &HttpClient,
    owners: &callbacks::Addresses,
) -> Result<Means<Notice, Notice, Callbacks>, service::Error> {
    let source = Callbacks::of(service, client, callbacks::Options::new(SOURCE, owners.clone()))?;
    Ok(Means { events: Notice, reports: Notice, source })
}
