//! What becomes of tasks, told to whoever counts them.

use std::time::Duration;

use super::{Task, Verdict};

/// Told of tasks as they are done. It is called by the worker, so it returns at once; nothing depends on it.
pub trait Observer: Send + Sync + 'static {
    /// A task was tried, which took so long.
    fn performed(&self, task: &Task, verdict: &Verdict, took: Duration) {
        let _ = (task, verdict, took);
    }

    /// So many tasks are under way now.
    fn running(&self, kind: &'static str, count: usize) {
        let _ = (kind, count);
    }

    /// So many tasks were under way when the worker had to stop: they are done again by whoever comes next.
    fn left(&self, kind: &'static str, count: usize) {
        let _ = (kind, count);
    }
}
