//! Has what happens to aggregates published, in the transaction in which it happens.

use std::fmt::Debug;

use aggregate::{Aggregate, Change, Repository, Versioned};
use database::Transaction;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Data, Envelope, outbox};

/// A repository that also puts every change into the outbox, so that state and message are never written apart.
///
/// A change becomes one message, however many events it is made of. The message is about the aggregate's id, which is
/// its partition key too. It names the aggregate's version after the change, and the one before it, which is that of
/// the message before it on the topic: hence a reader can tell a gap. Its id follows from aggregate and version. It
/// goes on in the trace, and for the actor, of the [cause](journal::cause) of its transaction. What it is called and
/// carries is up to a [`Content`]: [`Events`], unless another is given.
#[derive(Clone, Debug)]
pub struct Publishing<R, C = Events> {
    repository: R,
    outbox: outbox::Handle,
    topic: &'static str,
    source: &'static str,
    content: C,
}

impl<R> Publishing<R> {
    /// What happens in `repository` is published to `topic` through `outbox`, on behalf of the service `source`.
    pub const fn new(
        repository: R,
        outbox: outbox::Handle,
        topic: &'static str,
        source: &'static str,
    ) -> Self {
        Self { repository, outbox, topic, source, content: Events }
    }
}

impl<R, C> Publishing<R, C> {
    /// The messages carry `content` instead.
    pub fn carrying<D>(self, content: D) -> Publishing<R, D> {
        let Self { repository, outbox, topic, source, .. } = self;
        Publishing { repository, outbox, topic, source, content }
    }
}

/// What the message about a change carries.
pub trait Content<A: Aggregate>: Debug + Send + Sync + 'static {
    /// The message's type, which begins with the name of the aggregate and a dot: `order.changed`, if nothing else is
    /// said.
    fn kind(&self, change: &Change<A>) -> String {
        let _ = change;
        format!("{}.changed", A::NAME)
    }

    /// The message's payload.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    fn data(&self, change: &Change<A>) -> Result<Data, serde_json::Error>;
}

/// What happened, as a list of the events in their order: [`events`] reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events;

impl<A: Aggregate<Event: Serialize>> Content<A> for Events {
    fn data(&self, change: &Change<A>) -> Result<Data, serde_json::Error> {
        Data::of(&change.events)
    }
}

/// The events that a message with [`Events`] tells of, in their order, each with the version that the aggregate was at
/// after it; the last has the message's.
///
/// A consumer is given each event once and in its order. Only one that also learns of an aggregate in another way, from
/// a copy of its state say, has to leave out the events up to the version of that.
///
/// # Errors
/// If the payload is no list of such events.
pub fn events<E: DeserializeOwned>(message: &Envelope) -> Result<Vec<(u64, E)>, serde_json::Error> {
    let events: Vec<E> = message.data.parse()?;
    let last = message.version.unwrap_or(0);
    let before = last.saturating_sub(events.len() as u64);
    Ok((before + 1..).zip(events).collect())
}

impl<A, R, C> Repository<A> for Publishing<R, C>
where
    A: Aggregate<Id: ToString>,
    R: Repository<A, Transaction = Transaction, Error = database::Error>,
    C: Content<A>,
{
    type Transaction = Transaction;
    type Error = database::Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, database::Error> {
        self.repository.load(tx, ids, scope).await
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), database::Error> {
        self.repository.save(tx, changes).await?;
        for change in changes {
            let message = self.message(change, tx.now())?.caused_by(journal::cause(tx));
            self.outbox.enqueue(tx, self.topic, &message).await?;
        }
        Ok(())
    }
}

impl<R, C> Publishing<R, C> {
    fn message<A>(&self, change: &Change<A>, time: i64) -> Result<Envelope, database::Error>
    where
        A: Aggregate<Id: ToString>,
        C: Content<A>,
    {
        let (subject, version) = (change.id.to_string(), change.version());
        let name = format!("{}/{subject}/{version}", A::NAME);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let data = self.content.data(change).map_err(|_| database::Error::Conflict { what: A::NAME })?;
        Ok(Envelope {
            version: Some(version),
            previous_version: Some(change.expected),
            ..Envelope::new(id, self.source, &self.content.kind(change), &subject, time, data)
        })
    }
}
