//! What handles messages.

use database::Transaction;

use crate::Envelope;
use crate::broker::Cause;

/// What a service does on a message.
///
/// It runs inside the transaction that also remembers the message as handled: both happen or neither. So it awaits
/// nothing but the transaction's statements, may run more than once (only the last run counts), and calls no other
/// system; what has to happen beyond the database is put into an outbox or a queue of tasks.
///
/// Async closures of the same shape are handlers.
pub trait Handler: Send + Sync + 'static {
    /// Handles one message.
    ///
    /// # Errors
    /// See [`HandlerError`] for what each leads to. The transaction is rolled back in every case.
    fn handle(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
    ) -> impl Future<Output = Result<(), HandlerError>>;

    /// Handles messages in their order, all in one transaction, where they are handled
    /// [together](super::Options::together): one after the other, unless there is a way that costs less.
    ///
    /// # Errors
    /// That of the first that fails; none of them is handled then, and each is tried alone.
    fn handle_all(
        &self,
        tx: &mut Transaction,
        messages: &[&Envelope],
    ) -> impl Future<Output = Result<(), HandlerError>> {
        async move {
            for message in messages {
                self.handle(tx, message).await?;
            }
            Ok(())
        }
    }
}

impl<F> Handler for F
where
    F: AsyncFn(&mut Transaction, &Envelope) -> Result<(), HandlerError> + Send + Sync + 'static,
{
    async fn handle(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        self(tx, message).await
    }
}

/// What a service does on a message that does not say enough: it fetches what is missing first, outside of any
/// transaction (a [content enricher]).
///
/// Whatever is a [`Handler`] is one of these, with nothing to fetch.
///
/// [content enricher]: https://www.enterpriseintegrationpatterns.com/patterns/messaging/DataEnricher.html
pub trait Enriched: Send + Sync + 'static {
    /// What is fetched.
    type Facts: Send + Sync + 'static;

    /// Fetches what is missing; it may be called more than once for a message, also for one that turns out to be handled.
    ///
    /// # Errors
    /// As if the handling had failed.
    fn enrich(&self, message: &Envelope) -> impl Future<Output = Result<Self::Facts, HandlerError>> + Send;

    /// Handles the message, as [`Handler::handle`] does, with what was fetched.
    ///
    /// # Errors
    /// Those of [`Handler::handle`].
    fn handle(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        facts: &Self::Facts,
    ) -> impl Future<Output = Result<(), HandlerError>>;

    /// Handles messages with what was fetched, as [`Handler::handle_all`] does.
    ///
    /// # Errors
    /// Those of [`Handler::handle_all`].
    fn handle_all(
        &self,
        tx: &mut Transaction,
        messages: &[(&Envelope, &Self::Facts)],
    ) -> impl Future<Output = Result<(), HandlerError>> {
        async move {
            for (message, facts) in messages {
                self.handle(tx, message, facts).await?;
            }
            Ok(())
        }
    }
}

impl<H: Handler> Enriched for H {
    type Facts = ();

    async fn enrich(&self, _message: &Envelope) -> Result<(), HandlerError> {
        Ok(())
    }

    async fn handle(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        _facts: &(),
    ) -> Result<(), HandlerError> {
        Handler::handle(self, tx, message).await
    }

    async fn handle_all(
        &self,
        tx: &mut Transaction,
        messages: &[(&Envelope, &())],
    ) -> Result<(), HandlerError> {
        let messages: Vec<&Envelope> = messages.iter().map(|(message, ())| *message).collect();
        Handler::handle_all(self, tx, &messages).await
    }
}

/// Why a message was not handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// Its type, or the version of its payload, is not known: a newer program may know it. Parked at once.
    #[error("the type of the message is not known")]
    Unknown,
    /// Trying again will not help. Parked at once.
    #[error("the message cannot be handled")]
    Hopeless(#[source] Cause),
    /// Trying again may help. Tried again some times, then parked.
    #[error("the message could not be handled")]
    Failed(#[source] Cause),
    /// Somebody else is not there, or not so far yet. Tried again until they are, however long that takes.
    #[error("the message has to wait")]
    Unavailable(#[source] Cause),
    /// A statement failed. When it is the store that fails, the message is tried again until it does not; else this
    /// counts as [`Failed`](Self::Failed).
    #[error("the message could not be stored")]
    Database(#[from] database::Error),
}

impl HandlerError {
    /// A payload that is not what its type says.
    #[must_use]
    pub fn malformed(error: serde_json::Error) -> Self {
        Self::Hopeless(Box::new(error))
    }
}
