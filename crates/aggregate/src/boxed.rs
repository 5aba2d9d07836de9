//! A repository whose kind is chosen when the program starts.

use std::{fmt, pin::Pin, sync::Arc};

use crate::{Aggregate, Change, Repository, Versioned};

/// A repository of any kind, so that who uses it need not be generic over where aggregates are kept. Clones share it.
///
/// ```
/// # use aggregate::{Aggregate, AnyRepository, Repository};
/// fn keep<A: Aggregate, R: Repository<A>>(repository: R) -> AnyRepository<A, R::Transaction, R::Error>
/// where
///     R::Transaction: 'static,
/// {
///     AnyRepository::new(repository)
/// }
/// ```
pub struct AnyRepository<A, T, E>(Arc<dyn Erased<A, T, E>>);

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

trait Erased<A: Aggregate, T, E>: Send + Sync {
    fn load<'a>(
        &'a self,
        tx: &'a mut T,
        ids: &'a [A::Id],
        scope: &'a A::Scope,
    ) -> Later<'a, Result<Vec<Versioned<A>>, E>>;

    fn save<'a>(&'a self, tx: &'a mut T, changes: &'a [Change<A>]) -> Later<'a, Result<(), E>>;
}

impl<A: Aggregate, R: Repository<A>> Erased<A, R::Transaction, R::Error> for R {
    fn load<'a>(
        &'a self,
        tx: &'a mut R::Transaction,
        ids: &'a [A::Id],
        scope: &'a A::Scope,
    ) -> Later<'a, Result<Vec<Versioned<A>>, R::Error>> {
        Box::pin(Repository::load(self, tx, ids, scope))
    }

    fn save<'a>(
        &'a self,
        tx: &'a mut R::Transaction,
        changes: &'a [Change<A>],
    ) -> Later<'a, Result<(), R::Error>> {
        Box::pin(Repository::save(self, tx, changes))
    }
}

impl<A: Aggregate, T: 'static, E: 'static> AnyRepository<A, T, E> {
    /// Forgets which kind of repository it is.
    pub fn new<R: Repository<A, Transaction = T, Error = E>>(repository: R) -> Self {
        Self(Arc::new(repository))
    }
}

impl<A, T, E> Repository<A> for AnyRepository<A, T, E>
where
    A: Aggregate,
    T: 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    type Transaction = T;
    type Error = E;

    async fn load(&self, tx: &mut T, ids: &[A::Id], scope: &A::Scope) -> Result<Vec<Versioned<A>>, E> {
        self.0.load(tx, ids, scope).await
    }

    async fn save(&self, tx: &mut T, changes: &[Change<A>]) -> Result<(), E> {
        self.0.save(tx, changes).await
    }
}

impl<A, T, E> Clone for AnyRepository<A, T, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Aggregate, T, E> fmt::Debug for AnyRepository<A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyRepository of `{}`", A::NAME)
    }
}
