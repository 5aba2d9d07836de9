//! A value that can be replaced while it is in use, and costs its readers one look.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::lanes::{Lane, Laned};

/// A value that is replaced as a whole.
#[derive(Debug)]
pub(super) struct Current<T> {
    version: AtomicU64,
    value: Mutex<Laned<T>>,
}

/// Reads a [`Current`]. Clones read the same.
#[derive(Debug)]
pub(super) struct Reader<T> {
    current: Lane<Current<T>>,
    seen: u64,
    value: Lane<T>,
}

impl<T> Current<T> {
    pub(super) fn new(value: T) -> Laned<Self> {
        Laned::new(Self { version: AtomicU64::new(0), value: Mutex::new(Laned::new(value)) })
    }

    /// From now on it is this. Who reads the one before goes on with that until it reads again.
    pub(super) fn replace(&self, value: T) {
        let mut held = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Laned::new(value);
        self.version.fetch_add(1, Ordering::Release);
    }

    pub(super) fn get(&self) -> Laned<T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<T> Reader<T> {
    pub(super) fn new(current: &Laned<Current<T>>) -> Self {
        let seen = current.version.load(Ordering::Acquire);
        Self { seen, value: current.get().here(), current: current.here() }
    }

    /// What it is now. The lock is taken only where it has changed.
    #[inline]
    pub(super) fn get(&mut self) -> &T {
        let version = self.current.version.load(Ordering::Acquire);
        if version != self.seen {
            // It may be changed once more in between, which is seen the next time.
            (self.seen, self.value) = (version, self.current.get().here());
        }
        &self.value
    }
}

impl<T> Clone for Reader<T> {
    fn clone(&self) -> Self {
        Self { current: self.current.clone(), seen: self.seen, value: self.value.clone() }
    }
}
