//! How a worker hears of new tasks.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::Task;

/// Tells a worker of tasks as they are written down, so that it need not look.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    offered: Mutex<Offered>,
    notify: Notify,
}

#[derive(Debug, Default)]
struct Offered {
    tasks: VecDeque<Task>,
    /// In how long there is something in the table that the worker does not know of.
    look_in: Option<Duration>,
}

impl Wake {
    /// More than this many offers are not kept: the worker finds the tasks in its table.
    const MOST: usize = 1024;

    /// A task that is due now.
    pub(super) fn offer(&self, task: Task) {
        let mut offered = self.0.offered.lock().unwrap_or_else(PoisonError::into_inner);
        if offered.tasks.len() < Self::MOST {
            offered.tasks.push_back(task);
        } else {
            offered.look_in = Some(Duration::ZERO);
        }
        drop(offered);
        self.0.notify.notify_one();
    }

    /// A task that is due after `delay`: the worker need not look before.
    pub(super) fn look_in(&self, delay: Duration) {
        let mut offered = self.0.offered.lock().unwrap_or_else(PoisonError::into_inner);
        offered.look_in = Some(offered.look_in.map_or(delay, |sooner| sooner.min(delay)));
        drop(offered);
        self.0.notify.notify_one();
    }

    /// At most `room` tasks that were offered, and in how long to look.
    pub(super) fn take(&self, room: usize) -> (Vec<Task>, Option<Duration>) {
        let mut offered = self.0.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = offered.tasks.len().min(room);
        (offered.tasks.drain(..count).collect(), offered.look_in.take())
    }

    /// Whether there is something to be taken.
    pub(super) fn is_waiting(&self) -> bool {
        let offered = self.0.offered.lock().unwrap_or_else(PoisonError::into_inner);
        offered.look_in.is_some() || !offered.tasks.is_empty()
    }

    /// Until somebody tells of something.
    pub(super) async fn notified(&self) {
        self.0.notify.notified().await;
    }
}
