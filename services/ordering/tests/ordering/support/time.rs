//! Time that passes only while nobody has anything to do, and waiting for something to be so.

use std::{future::poll_fn, task::Poll, time::Duration};

use database::Clock;
use tokio::time::{Instant, sleep, timeout};

/// When a world begins: 2026-01-01T00:00:00Z.
const BEGINNING_MICROS: i64 = 1_767_225_600_000_000;

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(600);

/// The time of a store, which goes with that of the runtime. Where the runtime's is paused it jumps to the next moment
/// at which something is due as soon as nothing else is left to be done: sockets are in memory and the store works on
/// the caller's thread, hence nothing is ever under way elsewhere, and time-outs and leases cost no time.
pub(crate) fn clock() -> Clock {
    let began = Instant::now();
    Clock::new(move || BEGINNING_MICROS + i64::try_from(began.elapsed().as_micros()).unwrap())
}

/// Looks until there is something to be seen, less and less often; fails if `what` never comes to be so.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(found) = look().await {
                return found;
            }
            // A yield would not do: time that is paused passes only while everybody waits.
            sleep(pause).await;
            pause = (pause * 5 / 4).min(Duration::from_millis(250));
        }
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("it never came to be so: {what}"))
}

/// Does something after every other task of this thread had so many turns: with each number at another moment of what
/// they do together. A runtime of one thread, whose time is paused, does the same every time.
pub(crate) async fn after_turns<T: Send + 'static>(
    turns: usize,
    then: impl Future<Output = T> + Send + 'static,
) -> T {
    // Tokio's own yield lets many turns pass, and a test's own future is polled only now and then.
    let doing = tokio::spawn(async move {
        for _ in 0..turns {
            let mut yielded = false;
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        then.await
    });
    doing.await.unwrap()
}
