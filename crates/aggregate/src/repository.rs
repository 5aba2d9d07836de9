//! Where aggregates are kept, as the application layer sees it.

use crate::Aggregate;

/// A state and how many events made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<A> {
    /// The state.
    pub state: A,
    /// The number of events so far; 0 for what does not exist.
    pub version: u64,
}

impl<A: Default> Default for Versioned<A> {
    fn default() -> Self {
        Self { state: A::default(), version: 0 }
    }
}

impl<A> Versioned<A> {
    /// Whether anything ever happened to it.
    pub const fn exists(&self) -> bool {
        self.version > 0
    }
}

/// What a command did to one aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<A: Aggregate> {
    /// Which one.
    pub id: A::Id,
    /// The version that was decided on; a store that is elsewhere by now refuses the change.
    pub expected: u64,
    /// What happened, in order; never empty.
    pub events: Vec<A::Event>,
    /// The state that was decided on.
    pub before: A,
    /// The state after the events.
    pub after: A,
}

impl<A: Aggregate> Change<A> {
    /// The version after the change.
    pub fn version(&self) -> u64 {
        self.expected + self.events.len() as u64
    }

    /// What the aggregate has become.
    pub fn result(&self) -> Versioned<A> {
        Versioned { version: self.version(), state: self.after.clone() }
    }

    /// This change, and another that was decided on its [`result`](Self::result): kept as one.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.events.extend(next.events);
        Self { after: next.after, ..self }
    }
}

/// Decides a command on what was loaded.
///
/// `None` means that nothing is to be done: it happened already.
///
/// # Errors
/// The aggregate's refusal.
pub fn decide<A: Aggregate>(
    id: A::Id,
    loaded: &Versioned<A>,
    command: &A::Command,
) -> Result<Option<Change<A>>, A::Refusal> {
    let events = loaded.state.decide(command)?;
    if events.is_empty() {
        return Ok(None);
    }
    let mut after = loaded.state.clone();
    for event in &events {
        after.evolve(event);
    }
    Ok(Some(Change { id, expected: loaded.version, events, before: loaded.state.clone(), after }))
}

/// Keeps aggregates of one kind. The row store turns the events into columns, the ledger appends them; who uses it
/// cannot tell.
pub trait Repository<A: Aggregate>: Send + Sync + 'static {
    /// The unit of work that loading and saving belong to.
    type Transaction;
    /// Why the store failed, a version conflict included.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The aggregates of these ids, in the order of the ids; what does not exist is the default at version 0.
    ///
    /// Of each, at least the parts in `scope` are there.
    fn load(
        &self,
        transaction: &mut Self::Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> impl Future<Output = Result<Vec<Versioned<A>>, Self::Error>>;

    /// Keeps all the changes, or none, in sorted order of their ids. A change whose `expected` is no longer the
    /// aggregate's version is a conflict: the unit of work fails, and whoever began it loads and decides again.
    fn save(
        &self,
        transaction: &mut Self::Transaction,
        changes: &[Change<A>],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure<R, E>
where
    R: std::error::Error + 'static,
    E: std::error::Error + 'static,
{
    /// The aggregate said no.
    #[error(transparent)]
    Refused(R),
    /// The store failed.
    #[error(transparent)]
    Store(E),
}

/// What carrying out a command on aggregates of `R` can fail with.
pub type Failed<A, R> = Failure<<A as Aggregate>::Refusal, <R as Repository<A>>::Error>;

/// Carries out one command on one aggregate: loads it, has it decide, keeps what happened, and returns what it has
/// become. A command that changes nothing returns it as it was.
///
/// # Errors
/// The aggregate's refusal, or the store's failure.
pub async fn execute<A, R>(
    repository: &R,
    transaction: &mut R::Transaction,
    id: &A::Id,
    scope: &A::Scope,
    command: &A::Command,
) -> Result<Versioned<A>, Failed<A, R>>
where
    A: Aggregate,
    R: Repository<A>,
{
    let loaded =
        repository.load(transaction, std::slice::from_ref(id), scope).await.map_err(Failure::Store)?;
    let before = loaded.into_iter().next().unwrap_or_default();
    match decide(id.clone(), &before, command).map_err(Failure::Refused)? {
        None => Ok(before),
        Some(change) => {
            repository.save(transaction, std::slice::from_ref(&change)).await.map_err(Failure::Store)?;
            Ok(Versioned { version: change.version(), state: change.after })
        }
    }
}
