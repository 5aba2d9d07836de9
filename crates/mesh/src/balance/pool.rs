//! The endpoints, and what becomes of them. Whatever changes them does so under a lock, and puts new [`Choices`] where the calls look.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::{
    Change, Event, Policy, Reason, Spared,
    choices::{Choices, Gate, Terms},
    counters::Counters,
    estimate::Estimate,
    member::{Member, terms},
    outlier::Ejection,
};
use crate::{
    Refused,
    circuit_breaker::Transition,
    clock::{Clock, Moment},
    discovery::{Condition, EndpointSet},
    random::{SharedRandom, mix},
};

pub(super) type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// An endpoint of the set.
pub(super) struct Entry<S, C> {
    pub(super) member: Arc<Member<S, C>>,
    pub(super) condition: Condition,
    pub(super) ejection: Ejection,
}

type Entries<S, C> = BTreeMap<SocketAddr, Entry<S, C>>;

pub(super) struct Pool<S, C> {
    pub(super) choices: ArcSwap<Choices<Arc<Member<S, C>>>>,
    entries: Mutex<Entries<S, C>>,
    pub(super) policy: Policy,
    pub(super) clock: C,
    pub(super) random: SharedRandom,
    /// For choices, which each take one number of it: they are counted by that.
    pub(super) picks: SharedRandom,
    /// How long an answer usually takes, of whichever endpoint.
    pub(super) usual: Estimate,
    pub(super) counters: Counters,
    /// Wakes whoever waits for the first set.
    pub(super) first_set: Arc<Notify>,
    observer: Option<Observer>,
}

impl<S, C: Clock> Pool<S, C> {
    pub(super) fn new(policy: Policy, clock: C, seed: u64, observer: Option<Observer>) -> Self {
        Self {
            choices: ArcSwap::default(),
            entries: Mutex::default(),
            policy,
            clock,
            random: SharedRandom::new(mix(seed)),
            picks: SharedRandom::new(seed),
            usual: Estimate::default(),
            counters: Counters::default(),
            first_set: Arc::default(),
            observer,
        }
    }

    /// What costs are reckoned by, at this moment.
    #[inline]
    pub(super) fn terms(&self, now: Moment) -> Terms {
        terms(now, self.policy.memory, &self.usual)
    }

    /// The endpoint that a call goes to.
    #[inline]
    pub(super) fn pick(
        &self,
        now: Moment,
        session: Option<u64>,
        but: Option<&Arc<Member<S, C>>>,
    ) -> Result<Arc<Member<S, C>>, Refused> {
        let choices = self.choices.load();
        let chance = self.picks.next();
        if choices.panicking {
            self.counters.picked_in_panic();
        }
        let picked = match session {
            Some(key) => choices.of_session(key),
            None => choices.pick(&self.terms(now), chance, but),
        };
        picked.cloned()
    }

    /// The addresses of a set that are not in the pool yet.
    pub(super) fn missing(&self, set: &EndpointSet) -> Vec<SocketAddr> {
        let entries = self.entries();
        let addresses = set.iter().map(|endpoint| endpoint.address);
        addresses.filter(|address| !entries.contains_key(address)).collect()
    }

    /// This is the set now. Who stays keeps what is known of it; `joining` are those that were missing.
    pub(super) fn apply(&self, set: &EndpointSet, joining: Vec<Arc<Member<S, C>>>, now: Moment) {
        let mut events = vec![];
        let mut entries = self.entries();
        let conditions: BTreeMap<_, _> =
            set.iter().map(|endpoint| (endpoint.address, endpoint.condition)).collect();
        entries.retain(|address, entry| {
            let condition = conditions.get(address);
            match condition {
                Some(condition) => entry.condition = *condition,
                None => events.push((*address, Change::Left)),
            }
            condition.is_some()
        });
        let others = !entries.is_empty();
        for member in joining {
            // All who begin together have nobody to go easy on.
            if others {
                member.begins(now);
            }
            let address = member.address;
            let condition = conditions.get(&address).copied().unwrap_or(Condition::NotReady);
            entries.insert(address, Entry { member, condition, ejection: Ejection::default() });
            events.push((address, Change::Joined));
        }
        self.counters.applied();
        self.publish(entries, events);
    }

    /// Nobody has said in time which endpoints there are: there are none, until somebody does.
    pub(super) fn know_of_none(&self) {
        if !self.choices.load().known {
            self.publish(self.entries(), vec![]);
        }
    }

    /// A breaker has changed.
    pub(super) fn gate_changed(&self, address: SocketAddr, transition: Transition) {
        self.publish(self.entries(), vec![(address, Change::Breaker(transition))]);
    }

    /// An endpoint is to be ejected.
    pub(super) fn eject(&self, member: &Arc<Member<S, C>>, reason: Reason, now: Moment) {
        let mut entries = self.entries();
        let known = entries.get(&member.address).is_some_and(|entry| Arc::ptr_eq(&entry.member, member));
        if known && let Some(change) = self.judge(&mut entries, member.address, reason, now) {
            self.publish(entries, vec![(member.address, change)]);
        }
    }

    /// The end of an interval: shares are compared, and ejections end whose time is over.
    pub(super) fn end_interval(&self, now: Moment) {
        let Some(policy) = &self.policy.outlier else { return };
        let mut entries = self.entries();
        let mut events = vec![];
        let tallies: Vec<_> = entries.values().map(|entry| entry.member.record.take()).collect();
        let rate = policy.success_rate.as_ref();
        let outliers = rate.map_or_else(Vec::new, |rate| rate.outliers(&tallies));
        let addresses: Vec<_> = entries.keys().copied().collect();
        let healthy: Vec<_> = entries.values().map(|entry| !entry.ejection.is_out()).collect();
        for (address, entry) in entries.iter_mut() {
            if entry.ejection.end(now) {
                entry.member.begins(now);
                entry.member.record.forgive();
                events.push((*address, Change::Returned));
            }
        }
        for (index, reason) in outliers {
            let change = self.judge(&mut entries, addresses[index], reason, now);
            events.extend(change.map(|change| (addresses[index], change)));
        }
        for (entry, healthy) in entries.values_mut().zip(healthy) {
            if healthy && !entry.ejection.is_out() {
                entry.ejection.forgive();
            }
        }
        if !events.is_empty() {
            self.publish(entries, events);
        }
    }

    /// What becomes of an endpoint that is to be ejected. One that is out already, be it by its breaker, is left as it is.
    fn judge(
        &self,
        entries: &mut Entries<S, C>,
        address: SocketAddr,
        reason: Reason,
        now: Moment,
    ) -> Option<Change> {
        let policy = self.policy.outlier.as_ref()?;
        let is_out = |entry: &Entry<S, C>| entry.ejection.is_out() || !entry.member.is_open_to_all();
        let used = used(entries);
        let (endpoints, out) = entries
            .values()
            .filter(|entry| entry.condition == used)
            .fold((0, 0), |(endpoints, out), entry| (endpoints + 1, out + usize::from(is_out(entry))));
        let entry = entries.get_mut(&address).filter(|entry| entry.condition == used && !is_out(entry))?;
        let change = if !policy.allows(endpoints, out) {
            Change::Spared(reason, Spared::Limit)
        } else if self.random.next() % 100 >= u64::from(policy.enforce_percent) {
            Change::Spared(reason, Spared::NotEnforced)
        } else {
            Change::Ejected(reason, entry.ejection.begin(now, policy))
        };
        Some(change)
    }

    /// Puts the choices where calls look, then tells what has changed, without the lock.
    fn publish(&self, entries: MutexGuard<'_, Entries<S, C>>, changes: Vec<(SocketAddr, Change)>) {
        let choices = choose(&entries, self.policy.panic_percent);
        let panicking = choices.panicking;
        let before = self.choices.swap(Arc::new(choices));
        drop(entries);
        if !before.known {
            self.first_set.notify_waiters();
        }
        for (address, change) in changes {
            self.tell(Event { address: Some(address), change });
        }
        if panicking != before.panicking {
            let change = if panicking { Change::PanicBegan } else { Change::PanicEnded };
            self.tell(Event { address: None, change });
        }
    }

    fn tell(&self, event: Event) {
        self.counters.changed(event.change);
        if let Some(observer) = &self.observer {
            observer(&event);
        }
    }

    pub(super) fn entries(&self) -> MutexGuard<'_, Entries<S, C>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that are about to leave are used if none is ready.
pub(super) fn used<S, C>(entries: &Entries<S, C>) -> Condition {
    let ready = entries.values().any(|entry| entry.condition == Condition::Ready);
    if ready { Condition::Ready } else { Condition::Leaving }
}

fn choose<S, C: Clock>(entries: &Entries<S, C>, panic_percent: u8) -> Choices<Arc<Member<S, C>>> {
    let used = used(entries);
    let (mut candidates, mut gated, mut ejected) = (vec![], vec![], vec![]);
    for entry in entries.values().filter(|entry| entry.condition == used) {
        let member = Arc::clone(&entry.member);
        if !member.is_open_to_all() {
            gated.push(member);
        } else if entry.ejection.is_out() {
            ejected.push(member);
        } else {
            candidates.push(member);
        }
    }
    let all = candidates.len() + gated.len() + ejected.len();
    let too_few = candidates.is_empty() || candidates.len() * 100 < all * usize::from(panic_percent);
    let panicking = all > 0 && too_few;
    if panicking {
        candidates.append(&mut ejected);
    }
    Choices { candidates, gated, panicking, known: true }
}

impl<S, C: fmt::Debug> fmt::Debug for Pool<S, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("policy", &self.policy).finish_non_exhaustive()
    }
}
