//! Group commit: works that wait at the same time share one transaction of the database and one sync.
//!
//! A work that fails must take back its own changes only. A savepoint around each work would do that, but it
//! makes SQLite copy every page before the work's first change to it, which costs about a fifth of the
//! writer's time; yet most works that fail do so before they have changed anything. So a group climbs a ladder:
//!
//! ```text
//! Shared     => (Savepoints | Alone)   a work failed after changing something | as below
//! Savepoints => Alone                  SQLite rolled everything back, as it may on a full or failing disk
//! Alone
//! ```
//!
//! On each step all works of the group run again, in their order, so that the result is that of running them
//! one after the other.

use std::sync::Arc;
use std::vec::IntoIter;

use rusqlite::Connection;
use tokio::time::Instant;

use crate::clock::StoreClock;
use crate::stats::Counters;
use crate::transaction::Transaction;
use crate::work::{Ran, Work};
use crate::{Error, account, params};

/// How many groups use savepoints after one had to run again: failures come in bursts.
const CAUTIOUS_GROUPS: u32 = 64;

/// The one connection that writes.
pub(crate) struct Writer {
    tx: Transaction,
    clock: Arc<StoreClock>,
    counters: Arc<Counters>,
    cautious: u32,
}

/// Offers another work to a group of the given size, if there is one and it may join.
pub(crate) type More<'a> = &'a mut dyn FnMut(usize) -> Option<Box<dyn Work>>;

/// How the works of a group are kept apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Isolation {
    /// Not at all.
    Shared,
    /// Each in a savepoint.
    Savepoints,
    /// Each in a transaction and a commit of its own.
    Alone,
}

/// A group that has been rolled back because of one of its works.
struct Undone {
    works: Vec<Box<dyn Work>>,
    next: Isolation,
}

impl Writer {
    pub(crate) fn new(connection: Connection, clock: Arc<StoreClock>, counters: Arc<Counters>) -> Self {
        Self { tx: Transaction::sqlite(connection), clock, counters, cautious: 0 }
    }

    /// Runs `first` and what `more` has to offer, and commits them together. Nobody has been answered yet.
    pub(crate) fn commit_group(&mut self, first: Box<dyn Work>, more: More<'_>) -> Vec<Ran> {
        let isolation = if self.cautious > 0 { Isolation::Savepoints } else { Isolation::Shared };
        self.cautious = self.cautious.saturating_sub(1);
        self.climb(vec![first], more, isolation)
    }

    fn climb(&mut self, works: Vec<Box<dyn Work>>, more: More<'_>, isolation: Isolation) -> Vec<Ran> {
        match self.attempt(works, more, isolation) {
            Ok(group) => group,
            Err(Undone { works, next: Isolation::Alone }) => {
                let alone = |work| self.climb(vec![work], &mut |_| None, Isolation::Alone);
                works.into_iter().flat_map(alone).collect()
            }
            Err(Undone { works, next }) => self.climb(works, more, next),
        }
    }

    fn attempt(
        &mut self,
        works: Vec<Box<dyn Work>>,
        more: More<'_>,
        isolation: Isolation,
    ) -> Result<Vec<Ran>, Undone> {
        let mut works = works.into_iter();
        let mut group = Vec::new();
        let mut wrote = false;
        let mut begun = self.begin();
        while let Some(work) = works.next().or_else(|| more(group.len())) {
            if let Err(error) = &begun {
                group.push(Ran::failed(work, error.clone()));
                continue;
            }
            let before = self.connection().total_changes();
            let ran = self.run(work, isolation);
            let changed = self.connection().total_changes() != before;
            let (ok, lost) = (ran.is_ok(), self.connection().is_autocommit());
            group.push(ran);
            if !lost && (ok || !changed || isolation == Isolation::Savepoints) {
                wrote |= ok && changed;
            } else if !wrote {
                begun = self.begin();
            } else {
                let next = if lost { Isolation::Alone } else { Isolation::Savepoints };
                return Err(self.undone(group, works, next));
            }
        }
        let ended = begun.and_then(|()| if wrote { self.commit() } else { self.end() });
        self.counters.count_touched(self.tx.take_touched());
        self.settle(&mut group, ended);
        Ok(group)
    }

    fn undone(&mut self, ran: Vec<Ran>, waiting: IntoIter<Box<dyn Work>>, next: Isolation) -> Undone {
        self.cautious = CAUTIOUS_GROUPS;
        self.counters.count_repeated_group();
        Undone { works: ran.into_iter().map(Ran::into_work).chain(waiting).collect(), next }
    }

    /// Begins a transaction in place of the one before, if that has not ended.
    fn begin(&self) -> Result<(), Error> {
        self.roll_back();
        // IMMEDIATE: a transaction that first reads and then writes fails at once when another process has
        // written in between, without waiting.
        self.sql("BEGIN IMMEDIATE").map_err(|error| Error::Begin(error.into()))?;
        self.restore_clock()
    }

    /// Learns the latest time that was recorded with a commit, by an earlier run or another process.
    pub(crate) fn restore_clock(&self) -> Result<(), Error> {
        let latest = self.tx.query_now(account::LATEST, params![], |row| row.get(0))?;
        latest.into_iter().for_each(|latest| self.clock.observe(latest));
        Ok(())
    }

    fn run(&mut self, mut work: Box<dyn Work>, isolation: Isolation) -> Ran {
        let savepoint = isolation == Isolation::Savepoints;
        self.tx.restart(self.clock.now());
        if savepoint && let Err(error) = self.sql("SAVEPOINT work") {
            return Ran::failed(work, Error::Begin(error.into()));
        }
        let ok = work.run(&mut self.tx);
        if let Some(failure) = self.tx.failed() {
            self.counters.unwell(&failure.error);
        }
        if self.tx.is_fenced() {
            self.counters.count_fenced();
        }
        if !ok && self.tx.conflicted() {
            self.counters.count_conflict();
        }
        let ran = Ran::new(work, ok, &mut self.tx);
        if savepoint && !self.connection().is_autocommit() { self.end_savepoint(ran) } else { ran }
    }

    fn end_savepoint(&self, mut ran: Ran) -> Ran {
        let undone = if ran.is_ok() { Ok(()) } else { self.sql("ROLLBACK TO work") };
        if let Err(error) = undone.and_then(|()| self.sql("RELEASE work")) {
            // Without its savepoint the work cannot be told from the others': all of them are undone.
            self.roll_back();
            ran.fail(&Error::Commit(error.into()));
        }
        ran
    }

    /// Makes the group durable, and records its time so that a later run of the program does not go behind it.
    fn commit(&self) -> Result<(), Error> {
        let begun = Instant::now();
        self.tx.execute_now(account::SAVE_LATEST, params![self.tx.now()])?;
        self.end()?;
        self.counters.count_commit(begun.elapsed());
        self.counters.well();
        Ok(())
    }

    /// Ends the transaction; if nothing was written that costs no sync.
    fn end(&self) -> Result<(), Error> {
        self.sql("COMMIT").map_err(|error| Error::Commit(error.into()))
    }

    /// Counts the group, and makes everybody in it fail if it could not begin or commit.
    fn settle(&self, group: &mut [Ran], ended: Result<(), Error>) {
        if let Err(error) = ended {
            self.roll_back();
            self.counters.unwell(&error);
            self.counters.count_failed_group();
            group.iter_mut().for_each(|ran| ran.fail(&error));
        }
        let committed = group.iter().filter(|ran| ran.is_ok()).count();
        self.counters.count_works(committed, group.len() - committed);
    }

    /// Leaves a transaction, if there is one. An error means that there is none, or that the next BEGIN will
    /// tell.
    fn roll_back(&self) {
        if !self.connection().is_autocommit() {
            let _ = self.sql("ROLLBACK");
        }
    }

    fn sql(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.connection().prepare_cached(sql)?.execute([]).map(drop)
    }

    fn connection(&self) -> &Connection {
        self.tx.connection()
    }
}
