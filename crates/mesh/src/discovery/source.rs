//! What every source of endpoints has: a set that others follow, what there is to know of it, and a task that ends with it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle, time::Instant};

use super::{Condition, Endpoint, EndpointSet, Trouble};

/// Endpoints that never change.
#[must_use]
pub fn fixed(endpoints: impl IntoIterator<Item = Endpoint>) -> Source {
    let (publisher, handle) = Publisher::new();
    publisher.show(endpoints.into_iter().collect(), 0);
    Source { handle, keeper: Keeper::Nobody(publisher) }
}

/// Endpoints that are kept up to date for as long as this is held. Dropped, its task ends; who follows the set keeps the last one, and is
/// told by an error of `changed` that no other will come.
#[derive(Debug)]
pub struct Source {
    handle: Handle,
    keeper: Keeper,
}

#[derive(Debug)]
enum Keeper {
    Task(JoinHandle<()>),
    /// The set is as it is. Who follows it must not be told that it is over.
    Nobody(#[expect(dead_code, reason = "held, so that the set is not over")] Publisher),
}

impl Source {
    /// A source whose task keeps its set up to date. Needs a runtime of tokio.
    pub(super) fn spawn<T: Future<Output = ()> + Send + 'static>(run: impl FnOnce(Publisher) -> T) -> Self {
        let (publisher, handle) = Publisher::new();
        Self { handle, keeper: Keeper::Task(tokio::spawn(run(publisher))) }
    }

    /// The set, to be followed.
    #[must_use]
    pub fn endpoints(&self) -> watch::Receiver<Option<EndpointSet>> {
        self.handle.endpoints.clone()
    }

    /// To look at the source.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        match &self.keeper {
            Keeper::Task(task) => task.abort(),
            Keeper::Nobody(_) => {}
        }
    }
}

/// A source seen from outside. It keeps no task alive.
#[derive(Clone, Debug)]
pub struct Handle {
    endpoints: watch::Receiver<Option<EndpointSet>>,
    history: Arc<Mutex<History>>,
}

/// A source at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    endpoints: [usize; Condition::ALL.len()],
    /// Endpoints that cannot be taken: without an IP address, or without the port that is asked for.
    pub unusable: usize,
    /// For how long nobody has confirmed that the set is as it is; `None` before there is one, and of a fixed set, which nobody has to
    /// confirm. A source that is well confirms it again and again: one whose age grows is dead, and its set the last good one.
    pub age: Option<Duration>,
    /// How often the set has changed, the first one included.
    pub changes: u64,
    /// How often all of it was asked for: each answer of DNS, each list of Kubernetes.
    pub lists: u64,
    troubles: [u64; Trouble::ALL.len()],
}

impl Snapshot {
    /// How many endpoints are in this condition.
    #[must_use]
    pub fn endpoints(&self, condition: Condition) -> usize {
        self.endpoints[condition as usize]
    }

    /// How often this went wrong.
    #[must_use]
    pub fn troubles(&self, trouble: Trouble) -> u64 {
        self.troubles[trouble as usize]
    }
}

impl Handle {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut endpoints = [0; Condition::ALL.len()];
        for endpoint in self.endpoints.borrow().iter().flat_map(|set| set.iter()) {
            endpoints[endpoint.condition as usize] += 1;
        }
        let history = lock(&self.history);
        Snapshot {
            endpoints,
            unusable: history.unusable,
            age: history.confirmed.map(|confirmed| confirmed.elapsed()),
            changes: history.changes,
            lists: history.lists,
            troubles: history.troubles,
        }
    }
}

#[derive(Debug, Default)]
struct History {
    confirmed: Option<Instant>,
    unusable: usize,
    changes: u64,
    lists: u64,
    troubles: [u64; Trouble::ALL.len()],
}

/// The side of a source that knows.
#[derive(Debug)]
pub(super) struct Publisher {
    endpoints: watch::Sender<Option<EndpointSet>>,
    history: Arc<Mutex<History>>,
}

impl Publisher {
    pub(super) fn new() -> (Self, Handle) {
        let (sender, receiver) = watch::channel(None);
        let history = Arc::<Mutex<History>>::default();
        (Self { endpoints: sender, history: Arc::clone(&history) }, Handle { endpoints: receiver, history })
    }

    /// This is the set now, as somebody who knows has said.
    pub(super) fn publish(&self, set: EndpointSet, unusable: usize) {
        self.show(set, unusable);
        self.confirm();
    }

    /// Who follows is woken if the set is another one.
    fn show(&self, set: EndpointSet, unusable: usize) {
        let changed = self.endpoints.send_if_modified(|known| {
            let changed = known.as_ref() != Some(&set);
            if changed {
                *known = Some(set);
            }
            changed
        });
        let mut history = lock(&self.history);
        history.changes += u64::from(changed);
        history.unusable = unusable;
    }

    /// The set is still what it is.
    pub(super) fn confirm(&self) {
        lock(&self.history).confirmed = Some(Instant::now());
    }

    /// All of it was asked for, and answered.
    pub(super) fn listed(&self) {
        lock(&self.history).lists += 1;
    }

    /// Something went wrong. The set stays, and grows old.
    pub(super) fn failed(&self, trouble: Trouble) {
        lock(&self.history).troubles[trouble as usize] += 1;
    }
}

fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}
