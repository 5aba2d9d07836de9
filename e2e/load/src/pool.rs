//! Connections that are kept.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::connection::Connection;

/// The connections of one target that wait for their next request, the one that has waited longest first: so each is used again after
/// as many requests as there are connections.
#[derive(Debug)]
pub(crate) struct Pool {
    kept: Mutex<Kept>,
    most: usize,
}

#[derive(Debug, Default)]
struct Kept {
    idle: VecDeque<Connection>,
    in_use: usize,
}

impl Pool {
    /// Half as many as there are requests in a second: each is used about twice in it.
    pub(crate) fn for_rate(per_second: u32) -> Self {
        let most = usize::try_from(per_second / 2).unwrap_or(usize::MAX).max(1);
        Self { kept: Mutex::default(), most }
    }

    /// The one that has waited longest; none if another shall be opened. Either way it is given back.
    pub(crate) fn take(&self) -> Option<Connection> {
        let mut kept = self.kept();
        let enough = kept.idle.len() + kept.in_use >= self.most;
        kept.in_use += 1;
        if enough { kept.idle.pop_front() } else { None }
    }

    /// Takes one back after its request; none if it was of no more use.
    pub(crate) fn give(&self, connection: Option<Connection>) {
        let mut kept = self.kept();
        kept.in_use = kept.in_use.saturating_sub(1);
        if kept.idle.len() + kept.in_use < self.most {
            kept.idle.extend(connection);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
