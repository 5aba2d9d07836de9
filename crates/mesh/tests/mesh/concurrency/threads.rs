//! Many tasks on several threads, of which some leave at any moment.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use mesh::{
    classify::Results,
    concurrency::{Builder, Prioritize},
};
use tokio::task::yield_now;
use tower::service_fn;

use super::*;

/// How many calls are made at a time, and how many were.
#[derive(Debug, Default)]
struct Calls {
    now: AtomicU32,
    most: AtomicU32,
}

/// A call that is counted until it is dropped.
struct Counted(Arc<Calls>);

impl Counted {
    fn begin(calls: &Arc<Calls>) -> Self {
        calls.most.fetch_max(calls.now.fetch_add(1, SeqCst) + 1, SeqCst);
        Self(Arc::clone(calls))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

/// A request is a number, by which it is more or less important.
#[derive(Clone, Copy, Debug)]
struct ByNumber;

impl Prioritize<usize> for ByNumber {
    fn priority(&self, number: &usize) -> Priority {
        Priority::ALL[number % 3]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_holds_and_nothing_is_left_behind_whoever_leaves_when() {
    let queue = Some(Queue { places: 20, time: 60 * SECOND });
    let builder = Builder::new(Policy { queue, ..Policy::fixed(5) }).priority(ByNumber);
    let layer = builder.build(Results::default()).expect("a policy in its ranges");
    let calls = Arc::new(Calls::default());
    let counted = Arc::clone(&calls);
    let service = layer.layer(service_fn(move |number: usize| {
        let call = Counted::begin(&counted);
        async move {
            for _ in 0..number % 4 {
                yield_now().await;
            }
            drop(call);
            Ok::<_, BoxError>(())
        }
    }));
    let tasks = (0..16).map(|task| {
        let service = service.clone();
        let calls = (0..500).map(move |number| {
            let call: Answered = Box::pin(service.clone().oneshot(number * 7 + task));
            // Every fifth leaves after some polls, if it has no answer by then.
            (call, if number % 5 == 0 { number % 4 } else { usize::MAX })
        });
        tokio::spawn(answered(calls))
    });
    let answered = futures_util::future::join_all(tasks).await;
    let answered: u32 = answered.into_iter().map(|task| task.expect("a task that ends")).sum();
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.under_way, snapshot.waiting, calls.now.load(SeqCst)), (0, 0, 0));
    assert!((1..=6).contains(&calls.most.load(SeqCst)), "{calls:?}: critical ones have room for one more");
    assert!(answered > 0 && snapshot.waited > 0, "{answered} answered, {snapshot:?}");
}

type Answered = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Makes one call after the other, each for so many polls at most, and says how many were answered.
async fn answered(calls: impl Iterator<Item = (Answered, usize)>) -> u32 {
    let mut answered = 0;
    for (mut call, polls) in calls {
        for _ in 0..polls {
            if let Poll::Ready(result) = poll!(&mut call) {
                answered += u32::from(result.is_ok());
                break;
            }
            yield_now().await;
        }
    }
    answered
}
