//! Limits within limits, of which one alone has a timer: whatever becomes of that, the other ends what it limits.

use std::{convert::Infallible, future::pending, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, future::join, stream::FuturesUnordered};
use http::{Request, Response};
use http_body_util::Full;
use mesh::{
    BoxError,
    deadline::{ClientLayer, ClientPolicy, Exceeded},
    timeout::{Elapsed, Policy, TimeoutLayer},
};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

type Answer = Response<Full<Bytes>>;

/// A call that nobody answers, given up after a second.
async fn hangs() -> Result<(), BoxError> {
    let tries = TimeoutLayer::new(Policy { headers: SECOND, whole: None }).expect("a policy in its ranges");
    let service = tries.layer(service_fn(|_: Request<()>| pending::<Result<Answer, Infallible>>()));
    service.oneshot(Request::new(())).await.map(drop)
}

/// What becomes of a call of at most two seconds, and after how long.
async fn within_two<F>(what: impl Fn() -> F) -> (Result<(), BoxError>, Duration)
where
    F: Future<Output = Result<(), BoxError>>,
{
    let policy = ClientPolicy { at_most: SECOND * 2, ..ClientPolicy::default() };
    let client = ClientLayer::new(policy).expect("a policy in its ranges");
    let service = client.layer(service_fn(|_: Request<()>| {
        let what = what();
        async { what.await.map(|()| Answer::default()) }
    }));
    let begun = Instant::now();
    (service.oneshot(Request::new(())).await.map(drop), begun.elapsed())
}

fn has_exceeded((ended, after): (Result<(), BoxError>, Duration)) -> bool {
    ended.is_err_and(|error| error.is::<Exceeded>()) && after == SECOND * 2
}

#[tokio::test(start_paused = true)]
async fn the_inner_one_ends_what_it_limits() {
    let (ended, after) = within_two(hangs).await;
    assert!(ended.is_err_and(|error| error.is::<Elapsed>()));
    assert_eq!(after, SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_outer_one_ends_what_goes_on_when_the_inner_one_has_ended() {
    assert!(has_exceeded(within_two(|| async { hangs().await.or(pending().await) }).await));
}

/// Seen, and gone before the poll is over in which it was seen.
#[tokio::test(start_paused = true)]
async fn the_outer_one_ends_what_has_dropped_the_inner_one_at_once() {
    let left = || async {
        assert!(futures_util::poll!(Box::pin(hangs())).is_pending());
        pending().await
    };
    assert!(has_exceeded(within_two(left).await));
}

#[tokio::test(start_paused = true)]
async fn the_outer_one_ends_what_has_dropped_one_of_two_inner_ones() {
    let one_of_two = || async {
        let mut kept = Box::pin(async { hangs().await.or(pending().await) });
        assert!(futures_util::poll!(&mut kept).is_pending());
        assert!(futures_util::poll!(Box::pin(hangs())).is_pending());
        kept.await
    };
    assert!(has_exceeded(within_two(one_of_two).await));
}

/// As it is where each of several futures is polled only when it was woken itself.
#[tokio::test(start_paused = true)]
async fn an_inner_one_that_is_not_polled_each_time_ends_all_the_same() {
    let each_by_itself = || async {
        let ticks = async {
            for _ in 0..8 {
                sleep(SECOND / 10).await;
            }
            pending().await
        };
        let mut all = FuturesUnordered::<std::pin::Pin<Box<dyn Future<Output = _> + Send>>>::new();
        all.push(Box::pin(ticks));
        all.push(Box::pin(hangs()));
        all.next().await.unwrap_or(Ok(()))
    };
    let (ended, after) = within_two(each_by_itself).await;
    assert!(ended.is_err_and(|error| error.is::<Elapsed>()));
    assert_eq!(after, SECOND);
}

#[tokio::test(start_paused = true)]
async fn one_beside_another_does_not_count_as_being_inside() {
    let both = || async { join(hangs(), async { has_exceeded(within_two(pending).await) }).await };
    let (first, second) = both().await;
    assert!(first.is_err() && second);
}
