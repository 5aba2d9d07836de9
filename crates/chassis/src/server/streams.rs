//! The streams of one HTTP/2 connection.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::rt::Executor;
use tokio::task::JoinSet;

/// Runs them beside the connection, and ends them with it: an aborted connection leaves no handler behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Forgets those that have ended, so that the set does not grow.
        while running.try_join_next().is_some() {}
        running.spawn(stream);
    }
}
