//! A breaker with what its decisions need and whom they concern.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{
    Mode, Transition,
    breaker::Breaker,
    ticket::{Admission, Ticket},
};
use crate::{
    classify::{Outcome, Report, Verdict},
    clock::{Clock, Moment},
    lanes,
};

pub(super) type Observer = Box<dyn Fn(&Transition) + Send + Sync>;

pub(super) struct Shared<C> {
    pub(super) breaker: Breaker,
    pub(super) clock: C,
    /// Wakes whoever waits for an inner service, when the breaker changes.
    pub(super) changed: Arc<Notify>,
    pub(super) observer: Option<Observer>,
}

/// What services hold of a breaker: calls under way keep it alive, and those of different threads count themselves at different places.
#[derive(Debug)]
pub(super) struct Entry<C> {
    pub(super) shared: Arc<Shared<C>>,
    lanes: [Arc<Lane<C>>; lanes::MOST],
}

/// What a call holds of a breaker. It has lines of the cache of its own, and so has the count of its references.
#[derive(Debug)]
#[repr(align(128))]
struct Lane<C> {
    shared: Arc<Shared<C>>,
    number: usize,
}

impl<C: Clock> Entry<C> {
    /// With so many lanes, a power of two.
    pub(super) fn new(shared: Shared<C>, worthwhile: usize) -> Self {
        let shared = Arc::new(shared);
        let lane = |number| Arc::new(Lane { shared: Arc::clone(&shared), number });
        let all: Vec<_> = (0..worthwhile).map(lane).collect();
        Self { lanes: std::array::from_fn(|number| Arc::clone(&all[number % worthwhile])), shared }
    }

    /// Lets a call through, or says in how long the next probe is due.
    #[inline]
    pub(super) fn admit(&self) -> Result<Call<C>, Option<Duration>> {
        let shared = &*self.shared;
        let (admission, transition) = shared.breaker.admit(|| shared.clock.now());
        if let Some(transition) = transition {
            shared.tell(&transition);
        }
        match admission {
            Admission::Refuse(wait) => Err(wait),
            Admission::Pass(ticket) => {
                let started =
                    if shared.breaker.times_calls() { shared.clock.now() } else { Moment::default() };
                let lane = Arc::clone(&self.lanes[lanes::of_this_thread()]);
                Ok(Call { lane, ticket: Some(ticket), started })
            }
        }
    }
}

impl<C: Clock> Shared<C> {
    pub(super) fn set_mode(&self, mode: Mode) {
        self.tell(&self.breaker.set_mode(mode, self.clock.now()));
    }

    fn tell(&self, transition: &Transition) {
        self.changed.notify_waiters();
        if let Some(observer) = &self.observer {
            observer(transition);
        }
    }
}

impl<C: fmt::Debug> fmt::Debug for Shared<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

/// A call that was let through. It is told what came of it; dropped before that, it gives its place back.
#[derive(Debug)]
pub struct Call<C: Clock> {
    lane: Arc<Lane<C>>,
    ticket: Option<Ticket>,
    started: Moment,
}

impl<C: Clock> Call<C> {
    fn settle(&self, ticket: &Ticket, verdict: Verdict) {
        let shared = &*self.lane.shared;
        let now = || shared.clock.now();
        let lane = self.lane.number;
        if let Some(transition) = shared.breaker.report(lane, ticket, verdict, self.started, now) {
            shared.tell(&transition);
        }
    }
}

impl<C: Clock> Report for Call<C> {
    fn tell(mut self, verdict: Verdict) {
        if let Some(ticket) = self.ticket.take() {
            self.settle(&ticket, verdict);
        }
    }
}

impl<C: Clock> Drop for Call<C> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take_if(|ticket| ticket.is_probe()) {
            self.settle(&ticket, Verdict::new(Outcome::Cancelled));
        }
    }
}

/// A place in which a caller waits for an inner service that is not ready; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Waiting<C: Clock> {
    shared: Arc<Shared<C>>,
    place: u32,
}

impl<C: Clock> Waiting<C> {
    pub(super) fn take(shared: &Arc<Shared<C>>) -> Option<Self> {
        let place = shared.breaker.wait(shared.clock.now())?;
        Some(Self { shared: Arc::clone(shared), place })
    }
}

impl<C: Clock> Drop for Waiting<C> {
    fn drop(&mut self) {
        self.shared.breaker.stop_waiting(self.place, self.shared.clock.now());
    }
}
