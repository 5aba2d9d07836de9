//! What a leader remembers, for as long as it leads.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rollout::{Object, Write};
use tokio::time::Instant;

use crate::{lease::Token, observe::Memory};

/// How soon it is looked whether a refusal still stands, and how late at the latest.
const FIRST_PROBE: Duration = Duration::from_secs(1);
const LAST_PROBE: Duration = Duration::from_secs(30);

/// So much of a kind is remembered, which is far more than a cluster has. Beyond it all of that kind is forgotten, which costs requests and no more:
/// what is not known to be sealed is sealed once more, a refused write is tried again, and a uid is looked for again.
const MOST: usize = 1 << 16;

/// A term of leadership, and what is remembered in it.
#[derive(Debug)]
pub struct Term {
    token: Token,
    memory: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    sealed: HashSet<(String, Object)>,
    refused: HashMap<(String, Object), Refusal>,
    nobody: HashSet<String>,
}

/// A write that was refused.
#[derive(Clone, Debug)]
struct Refusal {
    words: String,
    write: Write,
    probe: Instant,
    pause: Duration,
}

impl Term {
    /// One that has just begun.
    #[must_use]
    pub fn new(token: Token) -> Self {
        Self { token, memory: Mutex::default() }
    }

    /// Whether a write may start now.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.token.is_valid()
    }

    /// The object was changed or sealed; or a write of it has an unknown result.
    pub(super) fn seal(&self, namespace: &str, object: &Object, sealed: bool) {
        let mut memory = self.lock();
        let key = (namespace.to_owned(), object.clone());
        if sealed {
            memory.refused.remove(&key);
            if memory.sealed.len() >= MOST {
                memory.sealed.clear();
            }
            memory.sealed.insert(key);
        } else {
            memory.sealed.remove(&key);
        }
    }

    /// The API server refuses this write.
    pub(super) fn refuse(&self, namespace: &str, write: &Write, words: String) {
        let mut memory = self.lock();
        let key = (namespace.to_owned(), write.object.clone());
        let pause = memory.refused.get(&key).map_or(FIRST_PROBE, |known| (known.pause * 2).min(LAST_PROBE));
        let probe = Instant::now() + pause;
        if memory.refused.len() >= MOST {
            memory.refused.clear();
        }
        memory.refused.insert(key, Refusal { words, write: write.clone(), probe, pause });
    }

    /// The API server does not refuse it any more.
    pub(super) fn accept(&self, namespace: &str, object: &Object) {
        self.lock().refused.remove(&(namespace.to_owned(), object.clone()));
    }

    /// The refused writes of these objects that are to be tried again; and when it is the next one's turn.
    pub(super) fn probes(&self, namespace: &str, objects: &[Object]) -> (Vec<Write>, Option<Instant>) {
        let memory = self.lock();
        let now = Instant::now();
        let keys = objects.iter().map(|object| (namespace.to_owned(), object.clone()));
        let known: Vec<_> = keys.filter_map(|key| memory.refused.get(&key)).collect();
        let due = known.iter().filter(|refusal| refusal.probe <= now).map(|refusal| refusal.write.clone());
        (due.collect(), known.iter().map(|refusal| refusal.probe).filter(|at| *at > now).min())
    }

    /// No BlueGreen has this uid any more, and none will ever have it.
    pub(super) fn bury(&self, uid: String) {
        let mut memory = self.lock();
        if memory.nobody.len() >= MOST {
            memory.nobody.clear();
        }
        memory.nobody.insert(uid);
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for Term {
    fn is_sealed(&self, namespace: &str, object: &Object) -> bool {
        self.lock().sealed.contains(&(namespace.to_owned(), object.clone()))
    }

    fn refused(&self, namespace: &str, object: &Object) -> Option<String> {
        let key = (namespace.to_owned(), object.clone());
        self.lock().refused.get(&key).map(|refusal| refusal.words.clone())
    }

    fn is_nobody(&self, uid: &str) -> bool {
        self.lock().nobody.contains(uid)
    }
}
