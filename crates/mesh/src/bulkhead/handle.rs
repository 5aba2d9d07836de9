//! Bulkheads seen from outside.

use std::{hash::Hash, sync::atomic::Ordering::Relaxed};

use super::keys::Keys;
use crate::lanes::Laned;

/// Reads bulkheads, from wherever.
#[derive(Clone, Debug)]
pub struct Handle<K> {
    pub(super) keys: Laned<Keys<K>>,
}

/// Bulkheads at one moment; what is counted is counted since the layer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How many keys have calls under way in a compartment of their own.
    pub keys: u64,
    /// How many calls had to share a compartment, since there were too many keys; those that it refused among them.
    pub shared: u64,
    /// How many calls were refused.
    pub refused: u64,
}

impl<K: Hash + Eq + Clone> Handle<K> {
    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let keys = &self.keys;
        Snapshot {
            keys: keys.known(),
            shared: keys.shared.load(Relaxed),
            refused: keys.refused.load(Relaxed),
        }
    }
}
