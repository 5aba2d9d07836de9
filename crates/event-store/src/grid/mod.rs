//! A memory grid: aggregates that every instance keeps in memory, beside the ledger.
//!
//! An instance has those in memory that it used last, and keeps them up to date: by what it appends itself, at the commit,
//! and by what others append, as it [follows](Grid::follow) the ledger. A load begins with what memory has and reads the
//! tail that the ledger has beyond that, which is one look into an index where there is none. So it is **exact** in any
//! transaction: what is refused, or needs nothing to be done, is decided on the stream's head as well as what is appended,
//! however far behind the instance is. Memory saves reading what is known; it is never the judge of what is true.
//!
//! ```text
//!                 load                            save
//!                  │                               │ append, expected version
//!     hot: part of the state + the tail    conflict: decide again, on the head
//!     cold: snapshot + its tail                    │ commit
//!                  ▼                               ▼
//!        ┌──────────────────── memory ────────────────────┐
//!        │ product-TEA v61   order-0198… v7   …           │◀── follow: what other instances appended
//!        └────────────── the least used go ───────────────┘
//! ```
//!
//! Nothing in memory is needed: it can be forgotten at any time.

mod follow;
mod memory;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregate::{Change, Versioned};
use database::Transaction;
use tokio::sync::watch;
use tokio::time::Instant;

pub use follow::{Behind, Followed};

use crate::repository::{EventSourced, Repository};
use crate::snapshots::{Policy, Snapshotter};
use crate::{Ledger, StreamName, read};
use memory::Memory;

/// How a grid is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much may be in memory: the sum of the [sizes](EventSourced::size) of its aggregates.
    pub capacity: usize,
    /// When snapshots are taken of them.
    pub snapshots: Policy,
    /// How long an instance that follows rests between two looks: by so much what it remembers may be behind what other
    /// instances append. Since loads are exact and catch up by themselves, there is no hurry.
    pub pace: Duration,
}

/// 16,384 parts of aggregates, the usual snapshots, and two looks a second.
impl Default for Options {
    fn default() -> Self {
        Self { capacity: 16_384, snapshots: Policy::default(), pace: Duration::from_millis(500) }
    }
}

/// What an instance's memory was good for since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many aggregates are in it.
    pub aggregates: usize,
    /// How large they are together.
    pub size: usize,
    /// How many were let go for want of room.
    pub evicted: u64,
    /// Loads that found the aggregate as it is.
    pub hot: u64,
    /// Loads that found it behind, and read the tail.
    pub behind: u64,
    /// Loads that did not find it.
    pub cold: u64,
    /// Appends that were decided on another version than the stream's.
    pub conflicts: u64,
}

/// The aggregates of one kind, in memory as far as there is room; clones share it.
pub struct Grid<A: EventSourced>(Arc<Shared<A>>);

struct Shared<A: EventSourced> {
    repository: Repository<A>,
    ledger: Ledger,
    options: Options,
    memory: Mutex<Memory<A>>,
    followed: watch::Sender<Option<Followed>>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    hot: AtomicU64,
    behind: AtomicU64,
    cold: AtomicU64,
    conflicts: AtomicU64,
}

impl<A: EventSourced> Grid<A> {
    /// A grid over the aggregates in `ledger` that `repository` keeps, and who takes the snapshots: a task that runs
    /// beside, as does [`follow`](Self::follow).
    #[must_use]
    pub fn new(repository: Repository<A>, ledger: &Ledger, options: Options) -> (Self, Snapshotter<A>) {
        let (repository, snapshotter) = repository.with_snapshots(ledger, options.snapshots);
        let shared = Shared {
            repository,
            ledger: ledger.clone(),
            options,
            memory: Mutex::new(Memory::new(options.capacity)),
            followed: watch::Sender::new(None),
            counts: Counts::default(),
        };
        (Self(Arc::new(shared)), snapshotter)
    }

    /// The repository beneath, which looks at any version and any instant.
    #[must_use]
    pub fn repository(&self) -> &Repository<A> {
        &self.0.repository
    }

    /// What it keeps its aggregates in.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// One aggregate, as far as this instance knows without asking the ledger; `None` if it is not in memory. For display,
    /// where what was true a moment ago will do.
    #[must_use]
    pub fn remembered(&self, id: &A::Id, scope: &A::Scope) -> Option<Versioned<A>> {
        self.memory().look(&Repository::<A>::stream(id).ok()?, |state| state.part(scope))
    }

    /// One aggregate with all its parts, exact.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn whole(&self, tx: &mut Transaction, id: &A::Id) -> Result<Versioned<A>, database::Error> {
        self.load_one(tx, id, A::clone).await
    }

    /// The aggregates after one, at most `limit`, in the order of their streams' names, each as `scope` names it.
    ///
    /// # Errors
    /// As [`whole`](Self::whole).
    pub async fn page(
        &self,
        tx: &mut Transaction,
        after: Option<&A::Id>,
        limit: u32,
        scope: &A::Scope,
    ) -> Result<Vec<(A::Id, Versioned<A>)>, database::Error> {
        let after = after.map(A::stream_id);
        let streams = read::streams(tx, A::NAME, after.as_deref(), limit as usize).await?;
        self.all_of(tx, &streams, |state| state.part(scope)).await
    }

    /// As [`page`](Self::page), each with all its parts.
    ///
    /// # Errors
    /// As [`whole`](Self::whole).
    pub async fn wholes(
        &self,
        tx: &mut Transaction,
        after: Option<&A::Id>,
        limit: u32,
    ) -> Result<Vec<(A::Id, Versioned<A>)>, database::Error> {
        let after = after.map(A::stream_id);
        let streams = read::streams(tx, A::NAME, after.as_deref(), limit as usize).await?;
        self.all_of(tx, &streams, A::clone).await
    }

    /// As [`page`](Self::page), backwards from before one, or from the last.
    ///
    /// # Errors
    /// As [`whole`](Self::whole).
    pub async fn page_before(
        &self,
        tx: &mut Transaction,
        before: Option<&A::Id>,
        limit: u32,
        scope: &A::Scope,
    ) -> Result<Vec<(A::Id, Versioned<A>)>, database::Error> {
        let before = before.map(A::stream_id);
        let streams = read::streams_before(tx, A::NAME, before.as_deref(), limit as usize).await?;
        self.all_of(tx, &streams, |state| state.part(scope)).await
    }

    async fn all_of(
        &self,
        tx: &mut Transaction,
        streams: &[StreamName],
        part: impl Fn(&A) -> A,
    ) -> Result<Vec<(A::Id, Versioned<A>)>, database::Error> {
        let mut found = Vec::with_capacity(streams.len());
        for id in streams.iter().filter_map(A::id_of) {
            let aggregate = self.load_one(tx, &id, &part).await?;
            found.push((id, aggregate));
        }
        Ok(found)
    }

    /// What memory was good for.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (memory, counts) = (self.memory(), &self.0.counts);
        Stats {
            aggregates: memory.len(),
            size: memory.size(),
            evicted: memory.evicted(),
            hot: counts.hot.load(Relaxed),
            behind: counts.behind.load(Relaxed),
            cold: counts.cold.load(Relaxed),
            conflicts: counts.conflicts.load(Relaxed),
        }
    }

    /// Forgets everything that is in memory; tells how many aggregates that were.
    pub fn forget(&self) -> usize {
        self.memory().clear()
    }

    fn memory(&self) -> MutexGuard<'_, Memory<A>> {
        // Every change to it is whole when it panics, if it ever does: a version follows its state.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_one(
        &self,
        tx: &mut Transaction,
        id: &A::Id,
        part: impl Fn(&A) -> A,
    ) -> Result<Versioned<A>, database::Error> {
        let stream = Repository::<A>::stream(id)?;
        let known = self.memory().look(&stream, &part);
        match known {
            Some(known) => self.with_tail(tx, stream, known).await,
            None => self.cold(tx, stream, part).await,
        }
    }

    /// What memory has, and what the ledger has beyond that, which memory has too from then on.
    async fn with_tail(
        &self,
        tx: &mut Transaction,
        stream: StreamName,
        mut known: Versioned<A>,
    ) -> Result<Versioned<A>, database::Error> {
        let after = known.version;
        let tail = self.0.repository.tail(tx, &stream, after).await?;
        if tail.is_empty() {
            self.0.counts.hot.fetch_add(1, Relaxed);
            return Ok(known);
        }
        self.0.counts.behind.fetch_add(1, Relaxed);
        tail.iter().for_each(|event| known.state.evolve(event));
        known.version += tail.len() as u64;
        self.advance_after(tx, stream, after, tail);
        Ok(known)
    }

    async fn cold(
        &self,
        tx: &mut Transaction,
        stream: StreamName,
        part: impl Fn(&A) -> A,
    ) -> Result<Versioned<A>, database::Error> {
        let begun = Instant::now();
        let folded = self.0.repository.fold(tx, &stream, u64::MAX).await?;
        self.0.counts.cold.fetch_add(1, Relaxed);
        self.0.repository.after_load(tx, &stream, folded.tail, begun.elapsed());
        let part = Versioned { state: part(&folded.state), version: folded.version };
        // What does not exist is not remembered: memory is for what there is.
        if folded.version > 0 {
            let (grid, snapshot) = (self.clone(), folded.version - folded.tail);
            let whole = Versioned { state: folded.state, version: folded.version };
            tx.after_commit(move || grid.memory().put(stream, whole, snapshot));
        }
        Ok(part)
    }

    /// Has memory take in what happened once that is durable: the transaction may read what is not yet, and may fail.
    fn advance_after(&self, tx: &mut Transaction, stream: StreamName, after: u64, events: Vec<A::Event>) {
        let grid = self.clone();
        tx.after_commit(move || {
            let every = grid.0.options.snapshots.every;
            if grid.memory().advance(&stream, after, &events, every) {
                grid.0.repository.ask_for_snapshot(stream);
            }
        });
    }
}

/// As application layers see it.
impl<A: EventSourced> aggregate::Repository<A> for Grid<A> {
    type Transaction = Transaction;
    type Error = database::Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, database::Error> {
        let mut loaded = Vec::with_capacity(ids.len());
        for id in ids {
            loaded.push(self.load_one(tx, id, |state| state.part(scope)).await?);
        }
        Ok(loaded)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), database::Error> {
        let saved = aggregate::Repository::save(&self.0.repository, tx, changes).await;
        if let Err(database::Error::Conflict { .. }) = saved {
            self.0.counts.conflicts.fetch_add(1, Relaxed);
        }
        saved?;
        for Change { id, expected, events, .. } in changes {
            self.advance_after(tx, Repository::<A>::stream(id)?, *expected, events.clone());
        }
        Ok(())
    }
}

impl<A: EventSourced> Clone for Grid<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: EventSourced> fmt::Debug for Grid<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grid of `{}`", A::NAME)
    }
}
