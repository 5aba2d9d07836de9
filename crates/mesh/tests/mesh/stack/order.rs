//! Which layer is outside of which: each pair is told apart by what the caller and the upstream see.

use http::Method;
use mesh::{
    Refused, Why, circuit_breaker::State, classify::Outcome, concurrency, deadline::Exceeded,
    stack::ClientPolicy, timeout,
};

use super::{SECOND, Stage, asking, breaker, plain, retrying, within};
use crate::upstream::{never, status};

fn why(error: &mesh::BoxError) -> Option<Why> {
    error.downcast_ref::<Refused>().map(Refused::why)
}

#[tokio::test(start_paused = true)]
async fn retries_are_outside_of_the_breaker_which_judges_each_try() {
    let mut stage =
        Stage::new(ClientPolicy { circuit_breaker: Some(breaker()), attempts: retrying(3), ..plain() });
    stage.upstream.will([status(503), status(503), status(200)]);
    // The second try trips it, and the third is refused: it costs no budget and is not repeated.
    let error = stage.get().await.expect_err("the circuit is open");
    assert_eq!((why(&error), stage.upstream.calls()), (Some(Why::CircuitOpen), 2));
    assert_eq!(stage.handle.circuit_breaker().state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn the_time_out_of_a_try_is_inside_of_the_breaker_and_of_the_retries() {
    let timeout = timeout::Policy { headers: SECOND, ..timeout::Policy::default() };
    let policy = ClientPolicy { timeout, circuit_breaker: Some(breaker()), attempts: retrying(2), ..plain() };
    let mut stage = Stage::new(policy);
    stage.upstream.will([never(), status(200)]);
    assert_eq!(stage.get().await.expect("the second try"), 200);
    assert_eq!((stage.upstream.calls(), stage.upstream.dropped()), (2, 1));
    stage.upstream.will([never(), never()]);
    assert!(stage.get().await.is_err());
    assert_eq!(stage.handle.circuit_breaker().state(), State::Open, "each time-out is a failure");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_outside_of_the_retries_and_ends_all_tries() {
    let mut stage = Stage::new(ClientPolicy { attempts: retrying(9), ..plain() });
    stage.upstream.will([status(503), never()]);
    let begun = tokio::time::Instant::now();
    let error = stage.call(within(asking(Method::GET, "/"), 2 * SECOND)).await.expect_err("it is over");
    assert!(error.is::<Exceeded>(), "{error:?}");
    assert!(begun.elapsed() <= 2 * SECOND);
    assert_eq!(stage.upstream.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_try_is_told_what_is_left_then() {
    let mut stage = Stage::new(ClientPolicy { attempts: retrying(2), ..plain() });
    stage.upstream.will([status(503).after(SECOND), status(200)]);
    stage.call(within(asking(Method::GET, "/"), 4 * SECOND)).await.expect("the second try");
    let left = |seen: &crate::upstream::Seen| -> u64 {
        seen.headers["x-request-timeout-ms"].to_str().expect("a number").parse().expect("a number")
    };
    let seen = stage.upstream.seen();
    assert!(left(&seen[0]) < 4_000 && left(&seen[0]) > 3_900, "{seen:?}");
    assert!(left(&seen[1]) < 3_000, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_outside_of_the_retries_and_a_call_holds_one_place_with_all_its_tries() {
    let policy =
        ClientPolicy { concurrency: Some(concurrency::Policy::fixed(1)), attempts: retrying(3), ..plain() };
    let mut stage = Stage::new(policy);
    stage.upstream.will([status(503), status(503), status(200)]);
    assert_eq!(stage.get().await.expect("the third try"), 200);
    stage.upstream.will([never()]);
    let mut other = stage.service.clone();
    let first =
        tokio::spawn(async move { crate::upstream::ready_call(&mut other, asking(Method::GET, "/")).await });
    while stage.upstream.calls() < 4 {
        tokio::task::yield_now().await;
    }
    let error = stage.get().await.expect_err("there is no room");
    assert_eq!((why(&error), stage.upstream.calls()), (Some(Why::LimitReached), 4));
    assert_eq!(stage.handle.budget().reserved, 2, "what is shed costs no budget");
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_outside_of_the_queue() {
    let queue = concurrency::Queue { time: 60 * SECOND, ..concurrency::Queue::default() };
    let limit = concurrency::Policy { queue: Some(queue), ..concurrency::Policy::fixed(1) };
    let mut stage = Stage::new(ClientPolicy { concurrency: Some(limit), ..plain() });
    stage.upstream.will([never()]);
    let mut other = stage.service.clone();
    let first =
        tokio::spawn(async move { crate::upstream::ready_call(&mut other, asking(Method::GET, "/")).await });
    while stage.upstream.calls() < 1 {
        tokio::task::yield_now().await;
    }
    let error = stage.call(within(asking(Method::GET, "/"), SECOND)).await.expect_err("it waits too long");
    assert!(error.is::<Exceeded>(), "{error:?}");
    assert_eq!(stage.upstream.calls(), 1, "it was never made");
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_outermost_as_their_caller_sees_them() {
    let mut stage = Stage::new(ClientPolicy { attempts: retrying(2), ..plain() });
    stage.upstream.will([status(503), status(200), status(404), status(503), status(503)]);
    for expected in [200, 404, 503] {
        assert_eq!(stage.get().await.expect("an answer"), expected);
    }
    let [default] = &stage.handle.routes()[..] else { panic!("one route") };
    let counted =
        [Outcome::Success, Outcome::Refusal, Outcome::Failure].map(|outcome| default.calls.outcomes(outcome));
    assert_eq!((&*default.name, counted, default.calls.active()), ("default", [1, 1, 1], 0));
}
