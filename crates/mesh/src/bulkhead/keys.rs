//! How many calls each key has under way.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, Hash, RandomState},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::Policy;
use crate::lanes::Lane;

/// So that calls of different keys seldom meet at a lock.
const SHARDS: usize = 16;

#[derive(Debug)]
pub(super) struct Keys<K> {
    pub(super) policy: Policy,
    /// Each key with how many calls it has, one at least.
    shards: [Mutex<HashMap<K, u32>>; SHARDS],
    hasher: RandomState,
    known: AtomicU64,
    /// How many calls the keys have that share a compartment.
    others: AtomicU64,
    pub(super) shared: AtomicU64,
    pub(super) refused: AtomicU64,
}

impl<K: Hash + Eq + Clone> Keys<K> {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            known: AtomicU64::new(0),
            others: AtomicU64::new(0),
            shared: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Room for a call of this key, if there is some.
    pub(super) fn enter(keys: &Lane<Self>, key: K) -> Option<Room<K>> {
        let mut calls = keys.shard(&key);
        let own = match calls.entry(key.clone()) {
            Entry::Occupied(calls) if *calls.get() >= keys.policy.limit => return None,
            Entry::Occupied(mut calls) => {
                *calls.get_mut() += 1;
                true
            }
            Entry::Vacant(calls) => {
                let known = at_most(&keys.known, keys.policy.keys);
                if known {
                    calls.insert(1);
                }
                known
            }
        };
        drop(calls);
        if !own {
            keys.shared.fetch_add(1, Relaxed);
        }
        (own || at_most(&keys.others, keys.policy.limit))
            .then(|| Room { keys: keys.clone(), key: own.then_some(key) })
    }

    fn leave(&self, key: Option<K>) {
        let Some(key) = key else {
            self.others.fetch_sub(1, Relaxed);
            return;
        };
        if let Entry::Occupied(mut calls) = self.shard(&key).entry(key.clone()) {
            *calls.get_mut() -= 1;
            if *calls.get() == 0 {
                calls.remove();
                self.known.fetch_sub(1, Relaxed);
            }
        }
    }

    /// How many keys have calls under way, but for those that share a compartment.
    pub(super) fn known(&self) -> u64 {
        self.known.load(Relaxed)
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, u32>> {
        let [byte, ..] = self.hasher.hash_one(key).to_le_bytes();
        self.shards[usize::from(byte) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one more unless there are so many.
fn at_most(count: &AtomicU64, most: u32) -> bool {
    count.fetch_update(Relaxed, Relaxed, |count| (count < u64::from(most)).then_some(count + 1)).is_ok()
}

/// Room that a call has; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Room<K: Hash + Eq + Clone> {
    keys: Lane<Keys<K>>,
    /// `None` in the compartment that keys share.
    key: Option<K>,
}

impl<K: Hash + Eq + Clone> Drop for Room<K> {
    fn drop(&mut self) {
        self.keys.leave(self.key.take());
    }
}
