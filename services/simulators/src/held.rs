//! The requests that are kept unanswered at this moment, for a runner that waits until its own is among them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use contracts::outside::simulators::Held;

/// The requests that one simulator keeps unanswered. Clones share them; there are no more than the server takes on.
#[derive(Clone, Debug, Default)]
pub struct HeldRequests(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// By the order in which they came.
    requests: BTreeMap<u64, Held>,
    next: u64,
}

impl HeldRequests {
    /// Lists a request until what this answers is dropped.
    #[must_use = "the request is listed only while this lives"]
    pub fn hold(&self, request: Held) -> Listed {
        let mut waiting = self.lock();
        let number = waiting.next;
        waiting.next += 1;
        waiting.requests.insert(number, request);
        Listed { number, held: self.clone() }
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Held> {
        self.lock().requests.values().cloned().collect()
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lock().requests.len() as u64
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a request on the list; it is dropped with the request, also when the client goes away.
#[derive(Debug)]
pub struct Listed {
    number: u64,
    held: HeldRequests,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.held.lock().requests.remove(&self.number);
    }
}
