//! Waiting for what takes a moment, however busy the machine is.

use std::{fmt::Display, time::Duration};

use tokio::time::{Instant, sleep};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(5);

/// Looks again and again until there is something to be seen; `Err` says what there is instead.
///
/// # Panics
/// If nothing is seen in time, with what was seen last.
pub(crate) async fn until<T, I: Display>(what: &str, mut look: impl AsyncFnMut() -> Result<T, I>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(seen) => return seen,
            Err(instead) => {
                assert!(Instant::now() < give_up, "{what}: not within {PATIENCE:?}, but {instead}");
            }
        }
        sleep(POLL).await;
    }
}
