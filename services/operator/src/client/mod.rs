//! The way to the API server.

mod deadline;

use std::time::Duration;

use kube::{Client, Config};

pub use self::deadline::{Deadline, DeadlineLayer, Late};
use crate::metrics::RequestsLayer;

/// How long a request may take, from its start to the last byte of the answer. A watch has so long to begin.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// A client that repeats nothing by itself: a write that is sent again minutes later may be a different one by then. Its requests are
/// counted.
///
/// # Errors
/// If the configuration is of no use.
pub fn connect(mut config: Config, requests: &RequestsLayer) -> kube::Result<Client> {
    config.default_retry = false;
    config.connect_timeout = Some(TIMEOUT);
    config.read_timeout = None;
    config.write_timeout = Some(TIMEOUT);
    Ok(kube_connect::builder(config)?.with_layer(&DeadlineLayer::new(TIMEOUT)).with_layer(requests).build())
}
