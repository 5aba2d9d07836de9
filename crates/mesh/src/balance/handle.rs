//! A balancer seen from outside.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{
    Reason, Spared,
    choices::{Candidate, Gate},
    pool::{Pool, used},
};
use crate::{
    Refused,
    circuit_breaker::State,
    clock::{Clock, TokioClock},
    discovery::Condition,
};

/// Reads a balancer, from wherever. It keeps no task alive.
#[derive(Debug)]
pub struct Handle<S, C = TokioClock> {
    pub(super) pool: Arc<Pool<S, C>>,
}

impl<S, C> Clone for Handle<S, C> {
    fn clone(&self) -> Self {
        Self { pool: Arc::clone(&self.pool) }
    }
}

/// So many endpoints are in a [`Snapshot`] one by one.
pub const LISTED: usize = 100;

/// A balancer at one moment. Its numbers are read one after the other while calls go on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The first [`LISTED`] endpoints, by address.
    pub endpoints: Vec<EndpointSnapshot>,
    /// How many there are, in whichever condition.
    pub total: usize,
    /// How many of them are in use: those that are ready or, if none is, those that are about to leave.
    pub used: usize,
    /// How many in use get calls as they should: neither ejected nor with a breaker that is not closed.
    pub eligible: usize,
    /// How many are ejected.
    pub ejected: usize,
    /// How many have a breaker that does not let everybody through.
    pub open: usize,
    /// Whether ejections and slow start are ignored.
    pub panicking: bool,
    /// Since the balancer was made: how often an endpoint was chosen, or found that there is none.
    pub picks: u64,
    /// Such picks while it panicked.
    pub panic_picks: u64,
    /// How often it began to panic.
    pub panics: u64,
    /// How many sets of endpoints it was told.
    pub sets: u64,
    /// How many ejections were over.
    pub returned: u64,
    ejections: [u64; 2],
    spared: [u64; 2],
}

impl Snapshot {
    /// How many endpoints were ejected for this reason, whatever its numbers.
    #[must_use]
    pub const fn ejections(&self, reason: Reason) -> u64 {
        match reason {
            Reason::ConsecutiveFailures(_) => self.ejections[0],
            Reason::SuccessRate { .. } => self.ejections[1],
        }
    }

    /// How many that were to be ejected were not.
    #[must_use]
    pub const fn spared(&self, spared: Spared) -> u64 {
        match spared {
            Spared::Limit => self.spared[0],
            Spared::NotEnforced => self.spared[1],
        }
    }
}

/// An endpoint at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EndpointSnapshot {
    /// Where it listens.
    pub address: SocketAddr,
    /// How it is, as discovery has it.
    pub condition: Condition,
    /// Its breaker's state; `None` if it has none.
    pub breaker: Option<State>,
    /// Whether it is ejected.
    pub ejected: bool,
    /// Which part of its share it gets while it begins; else 1.
    pub share: f32,
    /// How many calls are under way, or wait for it to be ready.
    pub pending: u64,
    /// In how long it is thought to answer; `None` as long as it never has.
    pub answers_in: Option<Duration>,
}

impl<S, C: Clock> Handle<S, C> {
    /// All there is to see. It looks at every endpoint, so it is not for every call.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (pool, now) = (&self.pool, self.pool.clock.now());
        let terms = pool.terms(now);
        let entries = pool.entries();
        let used = used(&entries);
        let in_use = || entries.values().filter(|entry| entry.condition == used);
        let seen = entries.values().take(LISTED).map(|entry| EndpointSnapshot {
            address: entry.member.address,
            condition: entry.condition,
            breaker: entry.member.breaker.as_ref().map(crate::circuit_breaker::Handle::state),
            ejected: entry.ejection.is_out(),
            share: entry.member.share(now),
            pending: entry.member.pending.load(Ordering::Relaxed),
            answers_in: (entry.member.answers_in.read(terms.at, terms.usual))
                .map(|nanos| Duration::from_nanos(nanos as u64)),
        });
        let counters = &pool.counters;
        let counted = |counter: &crate::sync::AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            endpoints: seen.collect(),
            total: entries.len(),
            used: in_use().count(),
            eligible: in_use()
                .filter(|entry| !entry.ejection.is_out() && entry.member.is_open_to_all())
                .count(),
            ejected: entries.values().filter(|entry| entry.ejection.is_out()).count(),
            open: entries.values().filter(|entry| !entry.member.is_open_to_all()).count(),
            panicking: pool.choices.load().panicking,
            picks: pool.picks.turns(),
            panic_picks: counted(&counters.panic_picks),
            panics: counted(&counters.panics),
            sets: counted(&counters.sets),
            returned: counted(&counters.returned),
            ejections: [
                counted(&counters.ejected_consecutive_failures),
                counted(&counters.ejected_success_rate),
            ],
            spared: [counted(&counters.spared_limit), counted(&counters.spared_not_enforced)],
        }
    }

    /// How many sets of endpoints it was told.
    #[must_use]
    pub fn sets(&self) -> u64 {
        self.pool.counters.sets.load(Ordering::Relaxed)
    }

    /// Where a call would go that came now. It counts as a pick.
    ///
    /// # Errors
    /// Such a call would be refused.
    pub fn pick(&self) -> Result<SocketAddr, Refused> {
        self.pool.pick(self.pool.clock.now(), None, None).map(|member| member.address)
    }
}
