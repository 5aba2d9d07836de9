//! The broker that misbehaves keeps the contract all the same.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use messaging::Broker;
use messaging::conformance::{Beyond, Fixture};
use messaging::faulty::{Faulty, Rates};

use crate::embedded::EmbeddedFixture;

/// The embedded broker of a [`EmbeddedFixture`], misbehaving.
struct FaultyFixture {
    inner: EmbeddedFixture,
    seed: u64,
}

impl Fixture for FaultyFixture {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Broker>> {
        Box::pin(async {
            let broker = Faulty::new(self.inner.embedded().await, self.seed, Rates::default());
            Arc::new(broker) as Arc<dyn Broker>
        })
    }

    fn beyond(&self) -> Beyond {
        Beyond { exact: false, lane_order: false }
    }
}

mod with_one_seed {
    use super::*;

    messaging::conformance!(FaultyFixture { inner: EmbeddedFixture::new(), seed: 1 });
}

mod with_another_seed {
    use super::*;

    messaging::conformance!(FaultyFixture { inner: EmbeddedFixture::new(), seed: 20_260_824 });
}
