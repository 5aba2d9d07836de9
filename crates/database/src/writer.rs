//! Group commit: works that wait at the same time share one transaction of the database and one sync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::time::Instant;

use crate::Error;
use crate::clock::StoreClock;
use crate::stats::Counters;
use crate::transaction::{Hook, Transaction};
use crate::work::{Work, message};

const LATEST: &str = "SELECT latest FROM database_clock WHERE id = 1";
const RECORD: &str = "UPDATE database_clock SET latest = ?1 WHERE id = 1 AND latest < ?1";

/// The one connection that writes.
pub(crate) struct Writer {
    tx: Transaction,
    clock: Arc<StoreClock>,
    counters: Arc<Counters>,
}

/// A work that has been run, whose caller waits.
pub(crate) struct Ran {
    work: Box<dyn Work>,
    ok: bool,
    hooks: Vec<Hook>,
}

impl Writer {
    pub(crate) fn new(connection: Connection, clock: Arc<StoreClock>, counters: Arc<Counters>) -> Self {
        Self { tx: Transaction::sqlite(connection), clock, counters }
    }

    /// Runs `first` and what `more` has to offer, and commits them together. Nobody has been answered yet.
    pub(crate) fn commit_group(
        &mut self,
        mut first: Box<dyn Work>,
        mut more: impl FnMut(usize) -> Option<Box<dyn Work>>,
    ) -> Vec<Ran> {
        let changes = match self.begin() {
            Ok(changes) => changes,
            Err(error) => {
                self.counters.unwell(&error);
                first.fail(error);
                return vec![Ran { work: first, ok: false, hooks: Vec::new() }];
            }
        };
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(work) = next {
            group.push(self.run(work));
            if self.connection().is_autocommit() {
                return self.one_by_one(group);
            }
            next = more(group.len());
        }
        self.finish(&mut group, changes);
        group
    }

    /// On a full disk or a failing one, SQLite may roll back everything since BEGIN: the group is gone. The
    /// work that met the failure has its error; each of the others runs once more, in a group of its own.
    fn one_by_one(&mut self, group: Vec<Ran>) -> Vec<Ran> {
        let mut done = Vec::with_capacity(group.len());
        for ran in group {
            if ran.ok {
                done.extend(self.commit_group(ran.work, |_| None));
            } else {
                done.push(ran);
            }
        }
        done
    }

    /// Begins and tells how many rows this connection has ever changed.
    fn begin(&mut self) -> Result<u64, Error> {
        self.roll_back();
        // IMMEDIATE: a transaction that first reads and then writes fails at once when another process has
        // written in between, without waiting.
        self.sql("BEGIN IMMEDIATE").map_err(|error| Error::Begin(error.into()))?;
        self.restore_clock()?;
        Ok(self.connection().total_changes())
    }

    /// Learns the latest time that was recorded with a commit, by an earlier run or another process.
    pub(crate) fn restore_clock(&self) -> Result<(), Error> {
        let latest =
            self.connection().prepare_cached(LATEST).and_then(|mut row| row.query_row([], |row| row.get(0)));
        self.clock.observe(latest.map_err(|error| Error::Begin(error.into()))?);
        Ok(())
    }

    fn run(&mut self, mut work: Box<dyn Work>) -> Ran {
        self.tx.restart(self.clock.now());
        let ok = match self.sql("SAVEPOINT work") {
            Ok(()) => work.run(&mut self.tx),
            Err(error) => {
                work.fail(Error::Begin(error.into()));
                false
            }
        };
        if let Some(failure) = self.tx.failed() {
            self.counters.unwell(&failure.error);
        }
        if !self.connection().is_autocommit() && self.end_savepoint(ok).is_err() {
            self.roll_back();
        }
        Ran { work, ok, hooks: self.tx.take_hooks() }
    }

    fn end_savepoint(&self, keep: bool) -> rusqlite::Result<()> {
        if !keep {
            self.sql("ROLLBACK TO work")?;
        }
        self.sql("RELEASE work")
    }

    fn finish(&self, group: &mut [Ran], changes_before: u64) {
        let succeeded = group.iter().filter(|ran| ran.ok).count() as u64;
        let failed = group.len() as u64 - succeeded;
        let begun = Instant::now();
        let wrote = self.connection().total_changes() != changes_before;
        match self.commit(wrote) {
            Ok(()) => {
                self.counters.count_commit(succeeded, failed, begun.elapsed());
                if wrote && failed == 0 {
                    self.counters.well();
                }
            }
            Err(error) => {
                self.roll_back();
                let error = Error::Commit(error.into());
                self.counters.unwell(&error);
                self.counters.count_failed_commit(group.len() as u64);
                for ran in group.iter_mut().filter(|ran| ran.ok) {
                    ran.work.fail(error.clone());
                    ran.ok = false;
                }
            }
        }
    }

    /// Commits, and records the time with it so that the next run of the program does not go behind it. A
    /// group that wrote nothing costs no sync, so it must not write the time either.
    fn commit(&self, wrote: bool) -> rusqlite::Result<()> {
        if wrote {
            self.connection().prepare_cached(RECORD)?.execute([self.tx.now()])?;
        }
        self.sql("COMMIT")
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

impl Ran {
    pub(crate) fn new(work: Box<dyn Work>, ok: bool, hooks: Vec<Hook>) -> Self {
        Self { work, ok, hooks }
    }

    /// Runs the hooks of a work that is durable, then answers its caller.
    pub(crate) fn answer(self) {
        let Self { work, ok, hooks } = self;
        for hook in hooks.into_iter().filter(|_| ok) {
            guarded("an after-commit hook", hook);
        }
        guarded("dropping a transaction's closure", || work.answer());
    }
}

/// A panic in a caller's code must not end the thread that serves everybody.
fn guarded(what: &str, callers: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(callers)) {
        tracing::error!("{what} panicked: {}", message(&*panic));
    }
}
