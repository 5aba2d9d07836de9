//! Finding out that a store which failed is well again.
//!
//! Nobody else does: a service that is not ready is asked for nothing, and only a write tells. As long as the store is
//! well this waits, and costs nothing.

use std::time::Duration;

use database::{Database, Health};

use crate::shutdown::Drain;

/// Between two tries; so long a store that is well again may go unnoticed.
const PAUSE: Duration = Duration::from_secs(1);

/// Tries the store out whenever it has failed, until it is well again or the App stops.
pub(super) async fn run(database: Database, drain: Drain) {
    loop {
        tokio::select! {
            biased;
            () = database.failed() => {}
            () = drain.requested() => return,
        }
        if !drain.sleep(PAUSE).await {
            return;
        }
        // Somebody's write may have told already.
        if database.health() != Health::Good && database.probe().await.is_ok() {
            tracing::info!("the database can be written again");
        }
    }
}
