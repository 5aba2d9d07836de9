//! One life of a process: until a boundary of a transaction at which it ends.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use database::{Boundary, Failpoint, Fate};
use tokio::{sync::Notify, time::Instant};

/// A life of a process. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    begun: Instant,
    state: Mutex<State>,
    ended: Notify,
}

impl Default for Shared {
    fn default() -> Self {
        Self { begun: Instant::now(), state: Mutex::default(), ended: Notify::new() }
    }
}

#[derive(Debug, Default)]
struct State {
    /// How many boundaries it has left, if it is to end at one.
    left: Option<u64>,
    ended: bool,
    /// The services whose databases fail.
    away: BTreeSet<String>,
    /// How many boundaries were reached.
    reached: u64,
    /// What was reached, in which order.
    trace: Vec<String>,
}

impl Life {
    /// A life that ends at the boundary after so many others.
    pub(crate) fn of(boundaries: u64) -> Self {
        let life = Self::default();
        life.state().left = Some(boundaries);
        life
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) {
        while !self.has_ended() {
            self.0.ended.notified().await;
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// From now on nothing happens at any boundary.
    pub(crate) fn spare(&self) {
        let mut state = self.state();
        state.left = None;
        state.away.clear();
    }

    /// From now on the database of this service fails, or does not.
    pub(crate) fn takes_away(&self, service: &str, away: bool) {
        let mut state = self.state();
        if away {
            state.away.insert(service.to_owned());
        } else {
            state.away.remove(service);
        }
    }

    /// How many boundaries were reached.
    pub(crate) fn reached(&self) -> u64 {
        self.state().reached
    }

    /// Every boundary that was reached, in this order.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failpoint for Life {
    fn reached(&self, file: &Path, boundary: Boundary) -> Fate {
        let service = file.file_stem().unwrap_or_default().to_string_lossy();
        let mut state = self.state();
        if state.ended {
            return Fate::Vanish;
        }
        let at = self.0.begun.elapsed();
        state.trace.push(format!("{at:?} {service} {boundary:?}"));
        if state.away.contains(&*service) {
            return Fate::Fail;
        }
        // A process that ends where it only reads has done nothing since the last commit, where it could have ended as well.
        if boundary == Boundary::Read {
            return Fate::Proceed;
        }
        state.reached += 1;
        match &mut state.left {
            Some(0) => {
                state.ended = true;
                self.0.ended.notify_one();
                Fate::Vanish
            }
            Some(left) => {
                *left -= 1;
                Fate::Proceed
            }
            None => Fate::Proceed,
        }
    }
}
