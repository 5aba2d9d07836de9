//! An endpoint in the pool: its service, its breaker, and what its calls tell.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{
    Policy,
    choices::{Candidate, Gate, Terms},
    estimate::{Estimate, Scale},
    outlier::Record,
    session,
};
use crate::{
    circuit_breaker::Handle,
    clock::{Clock, Moment, nanos},
    sync::AtomicU64,
};

pub(super) struct Member<S, C> {
    pub(super) address: SocketAddr,
    pub(super) service: S,
    pub(super) breaker: Option<Handle<C>>,
    pub(super) record: Record,
    pub(super) pending: AtomicU64,
    pub(super) answers_in: Estimate,
    hash: u64,
    ramp: Ramp,
    /// When the last error was that counted; 0 if there was none.
    died: AtomicU64,
}

impl<S, C: Clock> Member<S, C> {
    pub(super) fn new(address: SocketAddr, service: S, breaker: Option<Handle<C>>, policy: &Policy) -> Self {
        Self {
            address,
            service,
            breaker,
            record: Record::default(),
            pending: AtomicU64::new(0),
            answers_in: Estimate::default(),
            hash: session::hash(address.to_string().as_bytes()),
            ramp: Ramp::new(policy),
            died: AtomicU64::new(0),
        }
    }

    /// Its share grows from now on.
    pub(super) fn begins(&self, now: Moment) {
        self.ramp.begin(now);
    }

    /// Whether an error is one that has counted already: of a call that was under way when the other came, just now.
    pub(super) fn died_already(&self, started: Moment, now: Moment, together: Duration) -> bool {
        let (started, now) = (started.as_nanos(), now.as_nanos().max(1));
        let fresh = |died: u64| died != 0 && died >= started && now.saturating_sub(died) <= nanos(together);
        let changed = self
            .died
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |died| (!fresh(died)).then_some(now));
        changed.is_err()
    }

    /// A call that is under way, until this is dropped.
    pub(super) fn hold(self: &Arc<Self>) -> Held<S, C> {
        self.pending.fetch_add(1, Ordering::Relaxed);
        Held(Arc::clone(self))
    }
}

/// A member with one call more under way.
#[derive(Debug)]
pub(super) struct Held<S, C>(pub(super) Arc<Member<S, C>>);

impl<S, C> Drop for Held<S, C> {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<S, C: Clock> Gate for Member<S, C> {
    fn is_open_to_all(&self) -> bool {
        self.breaker.as_ref().is_none_or(Handle::passes_all)
    }

    fn is_willing(&self) -> bool {
        self.breaker.as_ref().is_none_or(Handle::is_willing)
    }

    fn next_probe(&self) -> Option<Duration> {
        self.breaker.as_ref().and_then(Handle::next_probe)
    }
}

impl<S, C: Clock> Candidate for Member<S, C> {
    /// One that was never heard of is taken to be as the others are, so that it is neither starved nor flooded.
    #[inline]
    fn cost(&self, Terms { at, usual }: &Terms) -> f32 {
        let answers_in = self.answers_in.read(*at, *usual).or(*usual).unwrap_or(1.0);
        answers_in * (self.pending.load(Ordering::Relaxed) + 1) as f32
    }

    #[inline]
    fn share(&self, now: Moment) -> f32 {
        self.ramp.share(now)
    }

    fn hash(&self) -> u64 {
        self.hash
    }
}

impl<S, C> fmt::Debug for Member<S, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Member").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How the share of an endpoint grows that begins.
#[derive(Debug)]
struct Ramp {
    /// Since when; 0 if it has all of its share.
    since: AtomicU64,
    window: Duration,
    from: f32,
}

impl Ramp {
    fn new(policy: &Policy) -> Self {
        let (window, percent) =
            policy.slow_start.map_or((Duration::ZERO, 100), |slow| (slow.window, slow.from_percent));
        Self { since: AtomicU64::new(0), window, from: f32::from(percent) / 100.0 }
    }

    fn begin(&self, now: Moment) {
        if !self.window.is_zero() {
            self.since.store(now.as_nanos().max(1), Ordering::Relaxed);
        }
    }

    #[inline]
    fn share(&self, now: Moment) -> f32 {
        let since = self.since.load(Ordering::Relaxed);
        if since == 0 {
            return 1.0;
        }
        let done = now.since(Moment::from_nanos(since)).div_duration_f32(self.window);
        if done >= 1.0 {
            self.since.store(0, Ordering::Relaxed);
            return 1.0;
        }
        self.from + (1.0 - self.from) * done
    }
}

/// What a sample says of a member, in nanoseconds.
pub(super) fn sample(time: Duration) -> f32 {
    nanos(time).max(1) as f32
}

/// Terms as of now.
pub(super) fn terms(now: Moment, memory: Duration, usual: &Estimate) -> Terms {
    Terms { at: Scale::new(now, memory), usual: usual.last() }
}
