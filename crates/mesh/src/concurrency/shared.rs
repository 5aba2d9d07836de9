//! A limit with what its decisions need and whom they concern.

use std::{
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    Limit, Policy, Priority,
    gate::{Entrance, Gate},
    gradient::Gradient,
    handle::Counts,
    line::Place,
    word::Word,
};
use crate::{
    Refused, Why,
    classify::{Report, Verdict},
    clock::{Clock, Moment},
    lanes::Lane,
    sync::Alone,
};

#[derive(Debug)]
pub(super) struct Shared<C> {
    pub(super) gate: Gate<oneshot::Sender<()>>,
    /// Nobody waits for this lock: who does not get it leaves his sample out, which says nothing of what the sample was.
    gradient: Option<Alone<Mutex<Gradient>>>,
    pub(super) counts: Counts,
    policy: Policy,
    clock: C,
    /// How many calls found no room, to enforce the policy for every so many-th.
    without_room: AtomicU64,
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Admission<C: Clock> {
    Passes(Call<C>),
    Waits(Waiting<C>),
    Refused(Refused),
}

impl<C: Clock> Admission<C> {
    /// Of a call that found [no room](Call::enter) at once.
    #[cold]
    pub(super) fn without_room(shared: &Lane<Shared<C>>, priority: Priority) -> Self {
        if !shared.is_enforced() && shared.gate.enter_anyway() {
            shared.counts.would_have_shed.fetch_add(1, Relaxed);
            return Self::Passes(Call::begin(shared));
        }
        let (sender, admitted) = oneshot::channel();
        match shared.gate.enter_or_wait(priority, shared.clock.now(), || sender) {
            Entrance::Entered => Self::Passes(Call::begin(shared)),
            Entrance::Refused(why) => Self::Refused(shared.refuse(priority, why)),
            Entrance::Waits(place) => {
                shared.counts.waited.fetch_add(1, Relaxed);
                let until = Instant::now() + shared.policy.queue.unwrap_or_default().time;
                let shared = shared.clone();
                Self::Waits(Waiting { shared, place: Some(place), admitted, until, timer: None })
            }
        }
    }
}

impl<C: Clock> Shared<C> {
    pub(super) fn new(policy: Policy, clock: C, seed: u64) -> Self {
        let (limit, gradient) = match &policy.limit {
            Limit::Fixed(limit) => (*limit, None),
            Limit::Adaptive(adaptive) => {
                (adaptive.initial, Some(Gradient::new(adaptive.clone(), seed, clock.now())))
            }
        };
        Self {
            gate: Gate::new(limit, policy.shares, policy.queue),
            gradient: gradient.map(|gradient| Alone(Mutex::new(gradient))),
            counts: Counts::default(),
            policy,
            clock,
            without_room: AtomicU64::new(0),
        }
    }

    /// Whether the policy is enforced for this one, evenly for so many of a hundred.
    fn is_enforced(&self) -> bool {
        let percent = u64::from(self.policy.enforce);
        let number = self.without_room.fetch_add(1, Relaxed) % 100;
        (number + 1) * percent / 100 > number * percent / 100
    }

    fn refuse(&self, priority: Priority, why: Why) -> Refused {
        self.counts.refuse(priority, why);
        Refused::new(why, self.policy.retry_in())
    }

    /// A call is over, of which this is known.
    #[inline]
    fn leave(&self, began: Moment, verdict: Option<Verdict>) {
        let before = self.gate.leave();
        let changed = verdict.is_some_and(|verdict| self.learn(began, verdict, before));
        if changed || before.waiting > 0 {
            self.let_in();
        }
    }

    #[inline]
    fn learn(&self, began: Moment, verdict: Verdict, before: Word) -> bool {
        let Some(Alone(gradient)) = &self.gradient else { return false };
        let now = self.clock.now();
        let Ok(mut gradient) = gradient.try_lock() else { return false };
        let changed = gradient.ended(began, now, before.under_way, verdict);
        if changed {
            self.gate.set_limit(gradient.limit());
        }
        changed
    }

    #[cold]
    fn let_in(&self) {
        while let Some(waiting) = self.gate.next(|| self.clock.now()) {
            // One who has left in the meantime gives the room back.
            let _ = waiting.send(());
        }
    }

    /// The floor, and how often it was measured.
    pub(super) fn floor(&self) -> (Option<Duration>, u64) {
        let Some(Alone(gradient)) = &self.gradient else { return (None, 0) };
        let gradient = gradient.lock().unwrap_or_else(PoisonError::into_inner);
        (gradient.floor(), gradient.measured())
    }
}

/// A call that was let through. It is told what came of it; dropped before that it only gives its room back.
#[derive(Debug)]
pub struct Call<C: Clock> {
    shared: Lane<Shared<C>>,
    began: Moment,
    verdict: Option<Verdict>,
}

impl<C: Clock> Call<C> {
    /// Lets a call through, if there is room and nobody waits.
    #[inline]
    pub(super) fn enter(shared: &Lane<Shared<C>>, priority: Priority) -> Option<Self> {
        shared.gate.enter(priority).then(|| Self::begin(shared))
    }

    #[inline]
    fn begin(shared: &Lane<Shared<C>>) -> Self {
        let began = if shared.gradient.is_some() { shared.clock.now() } else { Moment::default() };
        Self { shared: shared.clone(), began, verdict: None }
    }
}

impl<C: Clock> Report for Call<C> {
    #[inline]
    fn tell(mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
    }
}

impl<C: Clock> Drop for Call<C> {
    #[inline]
    fn drop(&mut self) {
        self.shared.leave(self.began, self.verdict);
    }
}

/// A call that waits for room. Dropped, its place is free again, or the room that it was just given.
#[derive(Debug)]
pub(super) struct Waiting<C: Clock> {
    shared: Lane<Shared<C>>,
    /// `None` once it has been told what becomes of it.
    place: Option<Place>,
    admitted: oneshot::Receiver<()>,
    until: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<C: Clock> Waiting<C> {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Call<C>, Refused>> {
        let Some(place) = self.place else { return Poll::Pending };
        if Pin::new(&mut self.admitted).poll(context).is_pending() {
            let until = self.until;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
            ready!(timer.as_mut().poll(context));
            if self.shared.gate.give_up(place) {
                self.place = None;
                return Poll::Ready(Err(self.shared.refuse(place.priority(), Why::QueuedTooLong)));
            }
        }
        self.place = None;
        Poll::Ready(Ok(Call::begin(&self.shared)))
    }
}

impl<C: Clock> Drop for Waiting<C> {
    fn drop(&mut self) {
        if self.place.is_some_and(|place| !self.shared.gate.give_up(place)) {
            self.shared.leave(Moment::default(), None);
        }
    }
}
