//! The embedded broker.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use messaging::Broker;
use messaging::conformance::{FULL_WAIT, Fixture, LARGEST, ROOM};
use messaging::embedded::{Backlog, Embedded, Options};
use tempfile::TempDir;

pub(crate) struct EmbeddedFixture(TempDir);

impl EmbeddedFixture {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn embedded(&self) -> Embedded {
        let options = Options {
            backlog: Backlog { messages: ROOM, ..Options::default().backlog },
            full_wait: FULL_WAIT,
            max_message_bytes: LARGEST,
            // Less than there is room for, and all of what a test publishes before it reads.
            unclaimed: ROOM - 20,
            ..Options::default()
        };
        Embedded::open(&self.0.path().join("broker.db"), options).await.unwrap()
    }
}

impl Fixture for EmbeddedFixture {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Broker>> {
        Box::pin(async { Arc::new(self.embedded().await) as Arc<dyn Broker> })
    }
}

mod conformance {
    use super::*;

    messaging::conformance!(EmbeddedFixture::new());
}
