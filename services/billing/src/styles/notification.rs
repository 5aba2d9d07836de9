//! `notification`: others hear only that something happened, and ask; so does the service.

use ::choreography::{Callbacks, Means, Notice, callbacks::Addresses};
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
    owners: &Addresses,
) -> Result<Means<Notice, Notice, Callbacks>, service::Error> {
    Means::asking(SOURCE, service, client, owners)
}
