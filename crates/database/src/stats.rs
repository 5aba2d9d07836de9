//! What a store counts about itself.

use std::pin::pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Error;
use crate::transaction::Touched;

/// Whether the store's latest write could be made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It could, or none was tried yet.
    Good,
    /// The disk or the allowed space was full.
    Full,
    /// The file has become read-only.
    ReadOnly,
    /// Reading or writing failed, or the file is damaged.
    Failing,
}

/// How values have spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The largest value that each bucket counts, ascending; one bucket more counts those beyond.
    pub bounds: &'static [u64],
    /// How many there were in each bucket and in none before it.
    pub counts: Vec<u64>,
    /// Their sum.
    pub sum: u64,
}

/// What a store has done since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits of groups that wrote something, each with one sync of the log.
    pub commits: u64,
    /// Groups that could not begin or commit.
    pub failed_groups: u64,
    /// Groups that were undone and run again because of one of their works.
    pub repeated_groups: u64,
    /// Works that were committed.
    pub committed: u64,
    /// Works that were rolled back, by their own failure or by that of their group's commit.
    pub rolled_back: u64,
    /// Runs of works that found what they had decided on changed by somebody else.
    pub conflicts: u64,
    /// The most works that shared a group.
    pub largest_group: u64,
    /// Works by the size of the group that they were in: how many groups had so many.
    pub group_sizes: Spread,
    /// How long each COMMIT took, in microseconds, the sync included.
    pub commit_micros: Spread,
    /// The longest COMMIT.
    pub longest_commit: Duration,
    /// Reads that were run.
    pub reads: u64,
    /// Rows that works have read, in writes and in reads; a statement that found none counts as one.
    pub rows_read: u64,
    /// Rows that works have inserted, updated and deleted; a statement that found none counts as one, and what was rolled
    /// back counts too.
    pub rows_changed: u64,
    /// Writes that were refused because their lease had been lost.
    pub fenced: u64,
    /// Works that wait for the writer now.
    pub queued_writes: u64,
    /// Works that wait for a reader now.
    pub queued_reads: u64,
}

/// How large a store's files are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of the database.
    pub database: u64,
    /// Bytes of its write-ahead log, which is emptied at a checkpoint but does not shrink.
    pub log: u64,
}

const GROUP_SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];
const COMMIT_MICROS: &[u64] =
    &[50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// The counters behind a [`Spread`].
#[derive(Debug)]
struct Buckets {
    bounds: &'static [u64],
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Buckets {
    fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    fn count(&self, value: u64) {
        self.counts[self.bounds.partition_point(|bound| *bound < value)].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    fn spread(&self) -> Spread {
        let counts = self.counts.iter().map(|count| count.load(Relaxed)).collect();
        Spread { bounds: self.bounds, counts, sum: self.sum.load(Relaxed) }
    }
}

/// The counters behind [`Stats`] and [`Health`].
#[derive(Debug)]
pub(crate) struct Counters {
    commits: AtomicU64,
    failed_groups: AtomicU64,
    repeated_groups: AtomicU64,
    committed: AtomicU64,
    rolled_back: AtomicU64,
    conflicts: AtomicU64,
    largest_group: AtomicU64,
    group_sizes: Buckets,
    commit_micros: Buckets,
    longest_commit_micros: AtomicU64,
    reads: AtomicU64,
    rows_read: AtomicU64,
    rows_changed: AtomicU64,
    fenced: AtomicU64,
    health: AtomicU8,
    failed: Notify,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            commits: AtomicU64::default(),
            failed_groups: AtomicU64::default(),
            repeated_groups: AtomicU64::default(),
            committed: AtomicU64::default(),
            rolled_back: AtomicU64::default(),
            conflicts: AtomicU64::default(),
            largest_group: AtomicU64::default(),
            group_sizes: Buckets::new(GROUP_SIZES),
            commit_micros: Buckets::new(COMMIT_MICROS),
            longest_commit_micros: AtomicU64::default(),
            reads: AtomicU64::default(),
            rows_read: AtomicU64::default(),
            rows_changed: AtomicU64::default(),
            fenced: AtomicU64::default(),
            health: AtomicU8::default(),
            failed: Notify::new(),
        }
    }
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            failed_groups: self.failed_groups.load(Relaxed),
            repeated_groups: self.repeated_groups.load(Relaxed),
            committed: self.committed.load(Relaxed),
            rolled_back: self.rolled_back.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            largest_group: self.largest_group.load(Relaxed),
            group_sizes: self.group_sizes.spread(),
            commit_micros: self.commit_micros.spread(),
            longest_commit: Duration::from_micros(self.longest_commit_micros.load(Relaxed)),
            reads: self.reads.load(Relaxed),
            rows_read: self.rows_read.load(Relaxed),
            rows_changed: self.rows_changed.load(Relaxed),
            fenced: self.fenced.load(Relaxed),
            queued_writes: 0,
            queued_reads: 0,
        }
    }

    pub(crate) fn count_commit(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Relaxed);
        self.commit_micros.count(micros);
        self.longest_commit_micros.fetch_max(micros, Relaxed);
    }

    /// The works of one group.
    pub(crate) fn count_works(&self, committed: usize, rolled_back: usize) {
        self.committed.fetch_add(committed as u64, Relaxed);
        self.rolled_back.fetch_add(rolled_back as u64, Relaxed);
        let works = (committed + rolled_back) as u64;
        self.largest_group.fetch_max(works, Relaxed);
        self.group_sizes.count(works);
    }

    pub(crate) fn count_touched(&self, touched: Touched) {
        self.rows_read.fetch_add(touched.read, Relaxed);
        self.rows_changed.fetch_add(touched.changed, Relaxed);
    }

    pub(crate) fn count_fenced(&self) {
        self.fenced.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_repeated_group(&self) {
        self.repeated_groups.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_failed_group(&self) {
        self.failed_groups.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_conflict(&self) {
        self.conflicts.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(crate) fn health(&self) -> Health {
        match self.health.load(Relaxed) {
            0 => Health::Good,
            1 => Health::Full,
            2 => Health::ReadOnly,
            _ => Health::Failing,
        }
    }

    pub(crate) fn well(&self) {
        self.health.store(0, Relaxed);
    }

    /// Notes an error if it tells of the store rather than of the statement.
    pub(crate) fn unwell(&self, error: &Error) {
        let health = match error {
            error if error.is_full() => 1,
            error if error.is_read_only() => 2,
            error if error.is_io() || error.is_corrupt() => 3,
            _ => return,
        };
        self.health.store(health, Relaxed);
        self.failed.notify_waiters();
    }

    /// Waits until the store is not well.
    pub(crate) async fn failed(&self) {
        let mut failed = pin!(self.failed.notified());
        failed.as_mut().enable(); // before the look, so that no failure after it is missed
        if self.health() == Health::Good {
            failed.await;
        }
    }
}
