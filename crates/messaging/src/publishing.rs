//! Has what happens to aggregates published, in the transaction in which it happens.

use aggregate::{Aggregate, Change, Repository, Versioned};
use database::Transaction;
use serde::Serialize;
use uuid::Uuid;

use crate::{Data, Envelope, outbox};

/// A repository that also puts every event into the outbox, so that state and message are never written apart.
///
/// An event becomes a message about its aggregate's id, which is its partition key too. It names the aggregate's
/// version and the one published before it on the topic, hence a reader can tell a gap. Its type is the aggregate's
/// name and the event's tag: `customer.credit_reserved`. Its id follows from aggregate and version. It goes on in the
/// trace, and for the actor, of the [cause](journal::cause) of its transaction.
#[derive(Clone, Debug)]
pub struct Publishing<R> {
    repository: R,
    outbox: outbox::Handle,
    topic: &'static str,
    source: &'static str,
}

impl<R> Publishing<R> {
    /// What `repository` keeps is published to `topic` through `outbox`, on behalf of the service `source`.
    pub const fn new(
        repository: R,
        outbox: outbox::Handle,
        topic: &'static str,
        source: &'static str,
    ) -> Self {
        Self { repository, outbox, topic, source }
    }
}

impl<A, R> Repository<A> for Publishing<R>
where
    A: Aggregate<Id: ToString, Event: Serialize>,
    R: Repository<A, Transaction = Transaction, Error = database::Error>,
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
            let subject = change.id.to_string();
            for (version, event) in (change.expected + 1..).zip(&change.events) {
                let message = message::<A>(self.source, &subject, version, event, tx.now())?;
                let message = message.caused_by(journal::cause(tx));
                self.outbox.enqueue(tx, self.topic, &message).await?;
            }
        }
        Ok(())
    }
}

fn message<A: Aggregate<Event: Serialize>>(
    source: &str,
    subject: &str,
    version: u64,
    event: &A::Event,
    time: i64,
) -> Result<Envelope, database::Error> {
    let name = format!("{}/{subject}/{version}", A::NAME);
    let data = Data::of(event).map_err(|_| database::Error::Conflict { what: A::NAME })?;
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let kind = journal::event_name::<A>(event);
    let mut message = Envelope::new(id, source, &kind, subject, time, data);
    message.version = Some(version);
    message.previous_version = Some(version - 1);
    Ok(message)
}
