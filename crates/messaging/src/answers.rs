//! Answers: what a service sends to whoever asked it, at once or as soon as it knows.
//!
//! They leave through the outbox, in the transaction that does what was asked or comes to know it: an answer is sent if
//! and only if it is true, at least once.

use std::{fmt::Debug, pin::Pin};

use database::Transaction;
use journal::Cause;
use serde::Serialize;
use uuid::Uuid;

use crate::{Data, Envelope, HandlerError, derived_id, outbox};

/// How a service answers: as whom, with what type of message, and where to.
#[derive(Clone, Debug)]
pub struct Answers {
    source: &'static str,
    kind: &'static str,
    topic: &'static str,
    outbox: outbox::Handle,
}

/// Why an answer could not be put into the outbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has no JSON form.
    #[error("writing an answer as JSON")]
    Unserialisable(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl Answers {
    /// Answers of `source` that are messages of type `kind` to `topic`, and leave through `outbox`.
    pub const fn new(
        source: &'static str,
        kind: &'static str,
        topic: &'static str,
        outbox: outbox::Handle,
    ) -> Self {
        Self { source, kind, topic, outbox }
    }

    /// Answers a message, about the same subject, hence behind every earlier answer about it. A message that is
    /// handled again is answered under the same id.
    ///
    /// # Errors
    /// If the answer has no JSON form, or the store fails.
    pub async fn answer(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        answer: &impl Serialize,
    ) -> Result<(), Error> {
        let id = derived_id(self.source, message.id, 0);
        self.send(tx, id, &message.subject, answer, &message.into()).await
    }

    /// Answers later than it was asked, because of what `cause` says. About a subject each `number` is one answer, which
    /// has the same id however often it is sent.
    ///
    /// # Errors
    /// If the answer has no JSON form, or the store fails.
    pub async fn answer_late(
        &self,
        tx: &mut Transaction,
        subject: Uuid,
        number: u32,
        answer: &impl Serialize,
        cause: &Cause,
    ) -> Result<(), Error> {
        let id = derived_id(&format!("{}/late", self.source), subject, number);
        self.send(tx, id, &subject.to_string(), answer, cause).await
    }

    async fn send(
        &self,
        tx: &mut Transaction,
        id: Uuid,
        subject: &str,
        answer: &impl Serialize,
        cause: &Cause,
    ) -> Result<(), Error> {
        let data = Data::of(answer)?;
        let envelope = Envelope::new(id, self.source, self.kind, subject, tx.now(), data);
        self.outbox.enqueue(tx, self.topic, &envelope.caused_by(Some(cause))).await?;
        Ok(())
    }
}

/// A service's way to say later what it could not say at once: as an answer to whoever asked, or as a report to everybody.
pub trait Late<A>: Debug + Send + Sync + 'static {
    /// Says it because of what `cause` says. About a subject each `number` is said once, however often this is called.
    ///
    /// # Errors
    /// If it has no JSON form, or the store fails.
    fn say<'a>(
        &'a self,
        tx: &'a mut Transaction,
        subject: Uuid,
        number: u32,
        answer: &'a A,
        cause: &'a Cause,
    ) -> Saying<'a>;
}

/// What [`Late::say`] returns.
pub type Saying<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

impl<A: Serialize> Late<A> for Answers {
    fn say<'a>(
        &'a self,
        tx: &'a mut Transaction,
        subject: Uuid,
        number: u32,
        answer: &'a A,
        cause: &'a Cause,
    ) -> Saying<'a> {
        Box::pin(self.answer_late(tx, subject, number, answer, cause))
    }
}

impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unserialisable(error) => Self::malformed(error),
            Error::Store(error) => error.into(),
        }
    }
}
