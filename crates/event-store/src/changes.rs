//! Waking those who follow a log, when something may have been appended.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use tokio::sync::Notify;

/// Tells those who follow a log that there may be more; clones tell the same. Those who wait are woken in the order in which
/// they began to: Tokio's `watch` would wake them in one of chance, and a run of a whole system could not be repeated.
#[derive(Clone, Debug, Default)]
pub struct Changes(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    told: AtomicU64,
    notify: Notify,
}

impl Changes {
    /// Wakes all who follow.
    pub fn tell(&self) {
        self.0.told.fetch_add(1, SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Follows: what is told from now on is heard.
    #[must_use]
    pub fn follow(&self) -> Followed {
        let mut followed = Followed { shared: Arc::clone(&self.0), heard: 0 };
        followed.catch_up();
        followed
    }
}

/// What one who follows a log has heard of it.
#[derive(Debug)]
pub struct Followed {
    shared: Arc<Shared>,
    /// How often it was told of changes.
    heard: u64,
}

impl Followed {
    /// What was told until now need not be told again: whoever follows is about to look.
    pub fn catch_up(&mut self) {
        self.heard = self.shared.told.load(SeqCst);
    }

    /// Waits until something was told that has not been heard. Cancel safe; it waits for ever if nobody is left to tell.
    pub async fn changed(&mut self) {
        // Made before the look, so that what is told between the two is heard.
        let notified = self.shared.notify.notified();
        if self.shared.told.load(SeqCst) == self.heard {
            notified.await;
        }
        self.heard = self.shared.told.load(SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn what_is_told_between_two_waits_is_heard_once() {
        let changes = Changes::default();
        let mut followed = changes.follow();
        changes.tell();
        changes.tell();
        followed.changed().await;
        let unheard = futures_util::FutureExt::now_or_never(followed.changed());
        assert!(unheard.is_none(), "it was told twice before it was heard");
        changes.tell();
        followed.catch_up();
        assert!(futures_util::FutureExt::now_or_never(followed.changed()).is_none());
    }

    /// Thirty, so that an order of chance would hardly be this one.
    #[tokio::test]
    async fn those_who_wait_are_woken_in_the_order_in_which_they_began_to() {
        let (changes, woken) = (Changes::default(), Arc::new(Mutex::new(Vec::new())));
        let waiting = (0..30).map(|number| {
            let (mut followed, woken) = (changes.follow(), Arc::clone(&woken));
            tokio::spawn(async move {
                followed.changed().await;
                woken.lock().unwrap().push(number);
            })
        });
        let waiting: Vec<_> = waiting.collect();
        tokio::task::yield_now().await;
        changes.tell();
        join_all(waiting).await;
        assert_eq!(*woken.lock().unwrap(), (0..30).collect::<Vec<_>>());
    }
}
