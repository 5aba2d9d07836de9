//! A breaker with what its decisions need and whom they concern.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{
    Mode, Transition,
    breaker::{Admission, Breaker, Ticket},
};
use crate::{
    classify::{Outcome, Report, Verdict},
    clock::{Clock, Moment},
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
    /// Lets a call through, or says in how long the next probe is due.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Call<C>, Option<Duration>> {
        let (admission, transition) = self.breaker.admit(|| self.clock.now());
        if let Some(transition) = transition {
            self.tell(&transition);
        }
        match admission {
            Admission::Refuse(wait) => Err(wait),
            Admission::Pass(ticket) => {
                let timed = self.breaker.policy().slow_calls.is_some();
                let started = if timed { self.clock.now() } else { Moment::default() };
                Ok(Call { shared: Arc::clone(self), ticket: Some(ticket), started })
            }
        }
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        self.tell(&self.breaker.set_mode(mode));
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
    shared: Arc<Shared<C>>,
    ticket: Option<Ticket>,
    started: Moment,
}

impl<C: Clock> Call<C> {
    fn settle(&self, ticket: &Ticket, verdict: Verdict) {
        let shared = &self.shared;
        let now = || shared.clock.now();
        if let Some(transition) = shared.breaker.report(ticket, verdict, self.started, now) {
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
    place: u64,
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
