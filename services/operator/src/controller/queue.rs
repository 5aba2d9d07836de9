//! Whose turn it is: each BlueGreen one at a time, as many at once as there are permits, and without any delay.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, time::Instant};

use crate::key::Key;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// In the order in which they came.
    ready: VecDeque<Key>,
    /// The same, to find them; and those that came while it was their turn.
    waiting: HashSet<Key>,
    running: HashSet<Key>,
    later: BTreeSet<(Instant, Key)>,
    due: HashMap<Key, Instant>,
}

impl Queue {
    /// It is somebody's turn, at once or when the present turn is over.
    pub(super) fn push(&self, key: Key) {
        let mut inner = self.lock();
        if inner.waiting.insert(key.clone()) && !inner.running.contains(&key) {
            inner.ready.push_back(key);
            drop(inner);
            self.news.notify_one();
        }
    }

    /// A turn is over, and the next comes then, unless one comes earlier.
    pub(super) fn done(&self, key: Key, next: Option<Instant>) {
        let mut inner = self.lock();
        inner.running.remove(&key);
        if let Some(at) = inner.due.remove(&key) {
            inner.later.remove(&(at, key.clone()));
        }
        if let Some(at) = next {
            inner.due.insert(key.clone(), at);
            inner.later.insert((at, key.clone()));
        }
        if inner.waiting.contains(&key) {
            inner.ready.push_back(key);
        }
        drop(inner);
        self.news.notify_one();
    }

    /// Whose turn it is next.
    pub(super) async fn next(&self) -> Key {
        loop {
            let wake = match self.poll(Instant::now()) {
                Ok(key) => return key,
                Err(wake) => wake,
            };
            let news = self.news.notified();
            match wake {
                Some(at) => drop(tokio::time::timeout_at(at, news).await),
                None => news.await,
            }
        }
    }

    /// Whose turn it is; or when it is the next one's.
    fn poll(&self, now: Instant) -> Result<Key, Option<Instant>> {
        let mut inner = self.lock();
        while let Some((at, _)) = inner.later.first() {
            if *at > now {
                break;
            }
            let Some((_, key)) = inner.later.pop_first() else { break };
            inner.due.remove(&key);
            if inner.waiting.insert(key.clone()) && !inner.running.contains(&key) {
                inner.ready.push_back(key);
            }
        }
        let Some(key) = inner.ready.pop_front() else {
            return Err(inner.later.first().map(|(at, _)| *at));
        };
        inner.waiting.remove(&key);
        inner.running.insert(key.clone());
        Ok(key)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
