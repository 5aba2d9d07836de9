//! What a store counts about itself.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::Error;

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

/// What a store has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// The most works that shared a group.
    pub largest_group: u64,
    /// Time spent in COMMIT altogether, the sync included.
    pub commit_time: Duration,
    /// The longest COMMIT.
    pub longest_commit: Duration,
    /// Reads that were run.
    pub reads: u64,
    /// Works that wait for the writer now.
    pub queued_writes: u64,
    /// Works that wait for a reader now.
    pub queued_reads: u64,
}

/// The counters behind [`Stats`] and [`Health`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    failed_groups: AtomicU64,
    repeated_groups: AtomicU64,
    committed: AtomicU64,
    rolled_back: AtomicU64,
    largest_group: AtomicU64,
    commit_micros: AtomicU64,
    longest_commit_micros: AtomicU64,
    reads: AtomicU64,
    health: AtomicU8,
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            failed_groups: self.failed_groups.load(Relaxed),
            repeated_groups: self.repeated_groups.load(Relaxed),
            committed: self.committed.load(Relaxed),
            rolled_back: self.rolled_back.load(Relaxed),
            largest_group: self.largest_group.load(Relaxed),
            commit_time: Duration::from_micros(self.commit_micros.load(Relaxed)),
            longest_commit: Duration::from_micros(self.longest_commit_micros.load(Relaxed)),
            reads: self.reads.load(Relaxed),
            queued_writes: 0,
            queued_reads: 0,
        }
    }

    pub(crate) fn count_commit(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Relaxed);
        self.commit_micros.fetch_add(micros, Relaxed);
        self.longest_commit_micros.fetch_max(micros, Relaxed);
    }

    /// The works of one group.
    pub(crate) fn count_works(&self, committed: usize, rolled_back: usize) {
        self.committed.fetch_add(committed as u64, Relaxed);
        self.rolled_back.fetch_add(rolled_back as u64, Relaxed);
        self.largest_group.fetch_max((committed + rolled_back) as u64, Relaxed);
    }

    pub(crate) fn count_repeated_group(&self) {
        self.repeated_groups.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_failed_group(&self) {
        self.failed_groups.fetch_add(1, Relaxed);
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
    }
}
