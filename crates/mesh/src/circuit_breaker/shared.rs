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
    lanes::Lane,
};

pub(super) type Observer = Box<dyn Fn(&Transition) + Send + Sync>;

pub(super) struct Shared<C> {
    pub(super) breaker: Breaker,
    pub(super) clock: C,
    /// Wakes whoever waits for an inner service, when the breaker changes.
    pub(super) changed: Arc<Notify>,
    pub(super) observer: Option<Observer>,
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
    shared: Lane<Shared<C>>,
    ticket: Ticket,
    started: Moment,
}

impl<C: Clock> Call<C> {
    /// Lets a call through, or says in how long the next probe is due.
    #[inline]
    pub(super) fn admit(shared: &Lane<Shared<C>>) -> Result<Self, Option<Duration>> {
        let (admission, transition) = shared.breaker.admit(|| shared.clock.now());
        if let Some(transition) = transition {
            shared.tell(&transition);
        }
        match admission {
            Admission::Refuse(wait) => Err(wait),
            Admission::Pass(ticket) => {
                let started =
                    if shared.breaker.times_calls() { shared.clock.now() } else { Moment::default() };
                Ok(Self { shared: shared.clone(), ticket, started })
            }
        }
    }

    #[inline]
    fn settle(&mut self, verdict: Verdict) {
        let ticket = std::mem::replace(&mut self.ticket, Ticket::UNCOUNTED);
        let shared = &*self.shared;
        let (lane, now) = (self.shared.number(), || shared.clock.now());
        if let Some(transition) = shared.breaker.report(lane, ticket, verdict, self.started, now) {
            shared.tell(&transition);
        }
    }

    /// A probe of which nothing was heard.
    #[cold]
    fn give_back(&mut self) {
        self.settle(Verdict::new(Outcome::Cancelled));
    }
}

impl<C: Clock> Report for Call<C> {
    #[inline]
    fn tell(mut self, verdict: Verdict) {
        self.settle(verdict);
    }
}

impl<C: Clock> Drop for Call<C> {
    #[inline]
    fn drop(&mut self) {
        if self.ticket.is_probe() {
            self.give_back();
        }
    }
}

/// A place in which a caller waits for an inner service that is not ready; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Waiting<C: Clock> {
    shared: Lane<Shared<C>>,
    place: u32,
}

impl<C: Clock> Waiting<C> {
    pub(super) fn take(shared: &Lane<Shared<C>>) -> Option<Self> {
        let place = shared.breaker.wait(shared.clock.now())?;
        Some(Self { shared: shared.clone(), place })
    }
}

impl<C: Clock> Drop for Waiting<C> {
    fn drop(&mut self) {
        self.shared.breaker.stop_waiting(self.place, self.shared.clock.now());
    }
}
