//! Mistakes in how aggregates are kept.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aggregate::{Aggregate, AnyRepository, Change, Repository, Versioned};
use chassis::doubles::Doubles;
use database::{Error, Transaction, params, statements};

type Kept<A> = AnyRepository<A, Transaction, Error>;

statements! {
    /// Takes what is to be told of an aggregate out of the outbox.
    const TAKE_OUT: "DELETE FROM outbox WHERE partitionkey = $1";
}

/// For how long, in microseconds, what was seen of an aggregate is taken for what it is.
const GLANCE: i64 = 5_000;

/// **Event published without outbox**: what is to be told is kept in the memory of the process and published from there, so that
/// it is lost with it.
#[must_use]
pub fn published_without_outbox<A: Aggregate<Id: ToString>>(doubles: Doubles) -> Doubles {
    doubles.with(|repository: Kept<A>| AnyRepository::new(Unboxed(repository)))
}

/// **Check-then-decrement**: what was seen of an aggregate a moment before is taken for what it is, and what is made of that
/// written over what it has become. `glance` puts what was seen into what is there.
#[must_use]
pub fn checked_some_time_before<A: Aggregate>(doubles: Doubles, glance: fn(&mut A, &A)) -> Doubles {
    doubles.with(move |repository: Kept<A>| {
        AnyRepository::new(Glancing { repository, glance, seen: Mutex::default() })
    })
}

/// What is kept is something else than what was decided, or nothing: **compensation forgotten**, where the change that undoes
/// is left out; **final status written first**, where the last event is added to the first.
#[must_use]
pub fn changed<A: Aggregate>(doubles: Doubles, change: fn(Change<A>) -> Option<Change<A>>) -> Doubles {
    doubles.with(move |repository: Kept<A>| AnyRepository::new(Changing { repository, change }))
}

struct Unboxed<A: Aggregate>(Kept<A>);

impl<A: Aggregate<Id: ToString>> Repository<A> for Unboxed<A> {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, Error> {
        self.0.load(tx, ids, scope).await
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), Error> {
        self.0.save(tx, changes).await?;
        for change in changes {
            // It was handed to the relay as well, which sends it once this is committed.
            tx.execute(TAKE_OUT, params![change.id.to_string()]).await?;
        }
        Ok(())
    }
}

struct Glancing<A: Aggregate> {
    repository: Kept<A>,
    glance: fn(&mut A, &A),
    /// What each was when it was last looked at, and when that was.
    seen: Mutex<BTreeMap<A::Id, (i64, A)>>,
}

impl<A: Aggregate> Repository<A> for Glancing<A> {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, Error> {
        let mut loaded = self.repository.load(tx, ids, scope).await?;
        let now = tx.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, found) in ids.iter().zip(&mut loaded).filter(|(_, found)| found.exists()) {
            match seen.get(id) {
                Some((at, before)) if now - at < GLANCE => (self.glance)(&mut found.state, before),
                _ => drop(seen.insert(id.clone(), (now, found.state.clone()))),
            }
        }
        Ok(loaded)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), Error> {
        self.repository.save(tx, changes).await
    }
}

struct Changing<A: Aggregate> {
    repository: Kept<A>,
    change: fn(Change<A>) -> Option<Change<A>>,
}

impl<A: Aggregate> Repository<A> for Changing<A> {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, Error> {
        self.repository.load(tx, ids, scope).await
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), Error> {
        let changes: Vec<_> = changes.iter().cloned().filter_map(self.change).collect();
        self.repository.save(tx, &changes).await
    }
}
