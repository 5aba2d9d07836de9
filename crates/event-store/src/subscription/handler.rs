//! What handles events.

use database::Transaction;

use crate::Recorded;

/// What a consumer does on events.
///
/// It runs inside the transaction that also moves the checkpoint: both happen or neither. So it awaits nothing but the
/// transaction's statements, may run more than once (only the last run counts), and calls no other system.
///
/// What to do about an event that can never be handled is its own decision: so long as it fails, its segment waits.
/// Async closures of the same shape are handlers.
pub trait Handler: Send + Sync + 'static {
    /// Handles events of one segment, in ascending order of position.
    ///
    /// # Errors
    /// The transaction is rolled back, and the same events come again after a while: one by one, so that those before the
    /// one that fails are not held up by it.
    fn handle(
        &self,
        tx: &mut Transaction,
        events: &[Recorded],
    ) -> impl Future<Output = Result<(), HandlerError>>;
}

impl<F> Handler for F
where
    F: AsyncFn(&mut Transaction, &[Recorded]) -> Result<(), HandlerError> + Send + Sync + 'static,
{
    async fn handle(&self, tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
        self(tx, events).await
    }
}

/// Why events were not handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// For a reason of the handler's.
    #[error("the events could not be handled")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A statement failed.
    #[error("the effect of the events could not be stored")]
    Database(#[from] database::Error),
}
