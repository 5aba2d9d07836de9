#![doc = include_str!("../README.md")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use tokio::sync::Notify;

/// A number that only grows, from 0. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Eventcount(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    count: AtomicU64,
    grown: Notify,
}

impl Eventcount {
    /// It grows by one.
    pub fn advance(&self) {
        self.0.count.fetch_add(1, SeqCst);
        self.0.grown.notify_waiters();
    }

    /// It grows to `count`, if it is less.
    pub fn advance_to(&self, count: u64) {
        if self.0.count.fetch_max(count, SeqCst) < count {
            self.0.grown.notify_waiters();
        }
    }

    /// The number now.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.0.count.load(SeqCst)
    }

    /// Waits until it is larger than `count`, and answers how large. Those who wait are woken in the order in which they began to. Cancel safe;
    /// it waits for ever if nobody is left to advance it.
    pub async fn beyond(&self, count: u64) -> u64 {
        loop {
            // Made before the look, so that what comes between the two is heard.
            let grown = self.0.grown.notified();
            let now = self.read();
            if now > count {
                return now;
            }
            grown.await;
        }
    }

    /// Whether there are clones of it now.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::{FutureExt, join_all};

    use super::*;

    #[tokio::test]
    async fn what_comes_between_a_look_and_a_wait_is_heard_and_heard_once() {
        let count = Eventcount::default();
        count.advance();
        count.advance();
        let heard = count.beyond(0).await;
        assert_eq!(heard, 2);
        assert!(count.beyond(heard).now_or_never().is_none());
    }

    #[tokio::test]
    async fn it_never_shrinks_and_nobody_is_woken_for_what_is_less() {
        let count = Eventcount::default();
        count.advance_to(7);
        let mut waits = Box::pin(count.beyond(7));
        assert!(waits.as_mut().now_or_never().is_none());
        count.advance_to(3);
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!(count.read(), 7);
        count.advance_to(9);
        assert_eq!(waits.await, 9);
    }

    /// Thirty, so that an order of chance would hardly be this one.
    #[tokio::test]
    async fn those_who_wait_are_woken_in_the_order_in_which_they_began_to() {
        let (count, woken) = (Eventcount::default(), Arc::new(Mutex::new(Vec::new())));
        let waiting = (0..30).map(|number| {
            let (count, woken) = (count.clone(), Arc::clone(&woken));
            tokio::spawn(async move {
                count.beyond(0).await;
                woken.lock().unwrap().push(number);
            })
        });
        let waiting: Vec<_> = waiting.collect();
        tokio::task::yield_now().await;
        count.advance();
        join_all(waiting).await;
        assert_eq!(*woken.lock().unwrap(), (0..30).collect::<Vec<_>>());
    }
}
