//! Tells waiting clients, in this process, that something they look at has changed.
//!
//! A notification says "look again", nothing else: it may come too often, and whoever waits also looks every
//! second ([`wait_until`]), so that one that is lost (made by another replica, say) costs time but no answer.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use eventcount::Eventcount;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// How long a waiting client goes without looking by itself.
pub const POLL_EVERY: Duration = Duration::from_secs(1);

/// Keys that are listened to at once, unless told otherwise. Whoever comes beyond that polls only.
const MOST_KEYS: usize = 65_536;

/// Notifications by key. Clones share it; a key costs memory only while somebody listens.
#[derive(Clone, Debug)]
pub struct Changes {
    listening: Arc<Mutex<HashMap<Key, Eventcount>>>,
    listeners: Arc<AtomicU64>,
    most_keys: usize,
}

/// What can be listened to: an id or a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The id of an order, say.
    Id(Uuid),
    /// The name of a copy or a view, say.
    Name(Cow<'static, str>),
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Key::Id(id)
    }
}

impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        Key::Name(Cow::Borrowed(name))
    }
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        Key::Name(Cow::Owned(name))
    }
}

impl Default for Changes {
    fn default() -> Self {
        Changes { listening: Arc::default(), listeners: Arc::default(), most_keys: MOST_KEYS }
    }
}

impl Changes {
    /// Nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes everybody who listens to `key`.
    pub fn notify(&self, key: impl Into<Key>) {
        if let Some(listened) = self.listening().get(&key.into()) {
            listened.advance();
        }
    }

    /// Wakes everybody, after a gap in what was heard.
    pub fn notify_all(&self) {
        self.listening().values().for_each(Eventcount::advance);
    }

    /// Listens to `key`; what is notified from now on is not missed.
    #[must_use]
    pub fn subscribe(&self, key: impl Into<Key>) -> Subscription {
        let key = key.into();
        let mut listening = self.listening();
        let full = listening.len() >= self.most_keys;
        let listened = match listening.entry(key.clone()) {
            Entry::Occupied(entry) => Some(entry.get().clone()),
            Entry::Vacant(_) if full => None,
            Entry::Vacant(entry) => Some(entry.insert(Eventcount::default()).clone()),
        };
        self.listeners.fetch_add(1, Relaxed);
        let heard = listened.as_ref().map_or(0, Eventcount::read);
        Subscription { key, listened, heard, changes: self.clone() }
    }

    /// How many listen now: clients that wait, and streams of events.
    #[must_use]
    pub fn listeners(&self) -> u64 {
        self.listeners.load(Relaxed)
    }

    fn listening(&self) -> MutexGuard<'_, HashMap<Key, Eventcount>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears of changes of one key, until it is dropped.
#[derive(Debug)]
pub struct Subscription {
    key: Key,
    /// `None` where too many keys are listened to already.
    listened: Option<Eventcount>,
    /// How many changes it has heard of.
    heard: u64,
    changes: Changes,
}

impl Subscription {
    /// Waits for a notification since the last call, or since the subscription. Cancel safe.
    pub async fn changed(&mut self) {
        let Some(listened) = &self.listened else { return std::future::pending().await };
        self.heard = listened.beyond(self.heard).await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.changes.listeners.fetch_sub(1, Relaxed);
        let mut listening = self.changes.listening();
        if self.listened.take().is_some()
            && let Entry::Occupied(entry) = listening.entry(self.key.clone())
            && !entry.get().is_shared()
        {
            entry.remove();
        }
    }
}

/// Polls until it answers `Some`, or until `deadline`: once at the start, after every notification of `key`,
/// and every [`POLL_EVERY`] in any case. `None` means that the deadline passed; the last poll was not cut
/// short by it.
///
/// # Errors
/// The first error of `poll`.
pub async fn wait_until<T, E, F>(
    changes: &Changes,
    key: impl Into<Key>,
    deadline: Instant,
    mut poll: impl FnMut() -> F,
) -> Result<Option<T>, E>
where
    // Not `AsyncFnMut`, whose futures a caller could not show to be `Send`, which handlers must be.
    F: Future<Output = Result<Option<T>, E>>,
{
    // Before the first poll, so that no change falls between the two.
    let mut subscription = changes.subscribe(key);
    loop {
        if let Some(found) = poll().await? {
            return Ok(Some(found));
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(None);
        }
        // Whether it was a notification or the time, the answer is to look again.
        let _ = timeout_at(deadline.min(now + POLL_EVERY), subscription.changed()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use super::*;

    #[tokio::test]
    async fn a_change_between_subscribing_and_waiting_is_not_missed() {
        let changes = Changes::new();
        let mut subscription = changes.subscribe("order");
        changes.notify("order");
        subscription.changed().await;
    }

    #[tokio::test(start_paused = true)]
    async fn other_keys_do_not_wake() {
        let changes = Changes::new();
        let mut subscription = changes.subscribe(Uuid::from_u128(1));
        changes.notify(Uuid::from_u128(2));
        assert!(tokio::time::timeout(POLL_EVERY, subscription.changed()).await.is_err());
    }

    #[tokio::test]
    async fn a_key_costs_nothing_when_nobody_listens() {
        let changes = Changes::new();
        changes.notify("order");
        let (first, second) = (changes.subscribe("order"), changes.subscribe("order"));
        drop(first);
        assert_eq!(changes.listening().len(), 1);
        drop(second);
        assert_eq!(changes.listening().len(), 0);
    }

    #[tokio::test]
    async fn beyond_the_bound_a_subscription_only_polls() {
        let changes = Changes { most_keys: 1, ..Changes::new() };
        let _first = changes.subscribe("first");
        let second = changes.subscribe("second");
        assert!(second.listened.is_none());
        assert_eq!(changes.listeners(), 2);
        drop(second);
        assert_eq!(changes.listeners(), 1);
        assert_eq!(changes.listening().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_looks_every_second_even_if_nobody_notifies() {
        let polls = Cell::new(0);
        let poll = || async {
            polls.set(polls.get() + 1);
            Ok::<_, Infallible>((polls.get() == 3).then_some("done"))
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        assert_eq!(wait_until(&Changes::new(), "order", deadline, poll).await, Ok(Some("done")));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_at_the_deadline_with_a_last_look() {
        let started = Instant::now();
        let polls = Cell::new(0);
        let poll = || async {
            polls.set(polls.get() + 1);
            Ok::<_, Infallible>(None::<()>)
        };
        let deadline = started + Duration::from_millis(1500);
        assert_eq!(wait_until(&Changes::new(), "order", deadline, poll).await, Ok(None));
        assert_eq!((polls.get(), started.elapsed()), (3, Duration::from_millis(1500)));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_looks_at_once_when_notified() {
        let changes = Changes::new();
        let (notifier, done) = (changes.clone(), Arc::new(Mutex::new(None)));
        let seen = done.clone();
        let started = Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            *seen.lock().unwrap() = Some("done");
            notifier.notify("order");
        });
        let poll = || async { Ok::<_, Infallible>(*done.lock().unwrap()) };
        let found = wait_until(&changes, "order", started + Duration::from_secs(30), poll).await;
        assert_eq!(found, Ok(Some("done")));
        assert_eq!(started.elapsed(), Duration::from_millis(10));
    }
}
