//! What was decided about the aggregates of a system, and committed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aggregate::{Aggregate, AnyRepository, Change, Repository, Versioned};
use chassis::doubles::Doubles;
use database::{Error, Transaction};

/// Keeps a copy of every change of aggregates of one kind that was committed, whichever App of the system made it. Clones
/// share it.
#[derive(Clone, Debug)]
pub struct Decisions<A: Aggregate>(Arc<Mutex<Vec<Change<A>>>>);

impl<A: Aggregate> Default for Decisions<A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<A: Aggregate> Decisions<A> {
    /// Has the repositories of these aggregates watched.
    #[must_use]
    pub fn watch(&self, doubles: Doubles) -> Doubles {
        let decisions = self.clone();
        doubles.with(move |repository: AnyRepository<A, Transaction, Error>| {
            AnyRepository::new(Watched { repository, decisions: decisions.clone() })
        })
    }

    /// What was decided about each aggregate, in the order of its versions; where two were made of the same version, in the order
    /// in which they were committed.
    #[must_use]
    pub fn histories(&self) -> BTreeMap<A::Id, Vec<Change<A>>> {
        let mut histories = BTreeMap::<_, Vec<_>>::new();
        for change in self.made().iter() {
            histories.entry(change.id.clone()).or_default().push(change.clone());
        }
        histories.values_mut().for_each(|history| history.sort_by_key(|change| change.expected));
        histories
    }

    fn made(&self) -> MutexGuard<'_, Vec<Change<A>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Watched<A: Aggregate> {
    repository: AnyRepository<A, Transaction, Error>,
    decisions: Decisions<A>,
}

impl<A: Aggregate> Repository<A> for Watched<A> {
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
        self.repository.save(tx, changes).await?;
        let (decisions, changes) = (self.decisions.clone(), changes.to_vec());
        tx.after_commit(move || decisions.made().extend(changes));
        Ok(())
    }
}
