//! What handles events.

use database::Transaction;

use crate::Recorded;

/// What a consumer does on events.
///
/// It runs inside the transaction that also moves the checkpoint: both happen or neither. So it awaits nothing but the
/// transaction's statements, may run more than once (only the last run counts), and calls no other system.
///
/// What to do about an event that cannot be handled is its own decision: so long as it fails and is not
/// [set aside](Self::set_aside), its segment waits. Async closures of the same shape are handlers, and set nothing aside.
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

    /// Takes over what becomes of an event that has just failed by itself, in the transaction that moves the checkpoint past it:
    /// it does not come again. The later ones of its stream do, and it is for the handler to keep them behind it.
    ///
    /// # Errors
    /// The segment waits, and the event is handled again after a while: always, unless a handler has it otherwise.
    fn set_aside(
        &self,
        tx: &mut Transaction,
        event: &Recorded,
        failure: &HandlerError,
    ) -> impl Future<Output = Result<(), HandlerError>> {
        let _ = (tx, event, failure);
        async { Err(HandlerError::Awaited) }
    }
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
    /// The event is not set aside: it waits for better times where it is.
    #[error("the event is not set aside")]
    Awaited,
    /// A statement failed.
    #[error("the effect of the events could not be stored")]
    Database(#[from] database::Error),
}
