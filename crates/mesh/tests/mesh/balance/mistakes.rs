//! What went wrong in other balancers, by the number of their issue.

use futures_util::{FutureExt, poll};

use super::*;

/// linkerd2#2550: the pool changed only when there were calls.
#[tokio::test(start_paused = true)]
async fn the_pool_follows_the_set_without_any_call() {
    let stage = Stage::new(plain(), 3).await;
    for total in [5, 0, 2] {
        stage.follow(1..=total).await;
        let seen = stage.snapshot();
        assert_eq!((seen.total, seen.used, seen.picks), (total.into(), total.into(), 0));
    }
    assert_eq!(stage.snapshot().sets, 4);
    assert_eq!(stage.labels().iter().filter(|label| **label == "left").count(), 5);
}

/// tower#824: endpoints that were not ready were never driven, and starved.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_not_ready_holds_up_no_call_and_gets_its_part_once_it_is() {
    let mut stage = Stage::new(plain(), 3).await;
    let stuck = stage.server(1);
    stuck.is_stuck(true);
    stage.call(60).await;
    assert_eq!((stuck.calls(), stage.calls().iter().sum::<usize>()), (0, 60));
    assert!(stuck.polls() > 0, "it was asked");
    stuck.is_stuck(false);
    stage.call(60).await;
    assert!(stuck.calls() >= 10, "{:?}", stage.calls());
}

/// tower#824, with none ready: a call that waits is woken by whichever is ready first.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_goes_to_whichever_is_ready_first() {
    let stage = Stage::new(plain(), 2).await;
    stage.server(1).is_stuck(true);
    stage.server(2).is_stuck(true);
    let waits = tokio::spawn({
        let service = stage.service.clone();
        async move { call(&service).await.expect("an answer") }
    });
    pass(SECOND).await;
    assert!(!waits.is_finished());
    assert_eq!(stage.snapshot().endpoints.iter().map(|endpoint| endpoint.pending).sum::<u64>(), 2);
    stage.server(2).is_stuck(false);
    assert_eq!(waits.await.expect("no panic"), 200);
    assert_eq!(stage.calls(), [0, 1]);
    assert!(stage.snapshot().endpoints.iter().all(|endpoint| endpoint.pending == 0));
}

/// tower#856: an index into a list that had changed meanwhile sent the call to another endpoint.
#[tokio::test(start_paused = true)]
async fn a_call_goes_where_it_was_meant_to_go_whatever_becomes_of_the_set() {
    let stage = Stage::new(plain(), 2).await;
    for number in 1..=2 {
        stage.server(number).is_stuck(true);
    }
    let mut waits = Box::pin(call(&stage.service));
    assert!(poll!(&mut waits).is_pending());
    stage.follow(3..=9).await;
    assert!(poll!(&mut waits).is_pending());
    stage.follow([2, 4]).await;
    stage.server(1).is_stuck(false);
    assert_eq!(waits.await.expect("an answer"), 200);
    assert_eq!(stage.calls(), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
}

/// tower#286: every endpoint was polled for every call.
#[tokio::test(start_paused = true)]
async fn a_call_asks_two_endpoints_at_most_of_however_many() {
    let mut stage = Stage::new(plain(), 200).await;
    stage.call(1).await;
    assert_eq!(stage.polls(), 1);
    for number in 1..=200 {
        stage.server(number).is_stuck(true);
    }
    let mut waits = Box::pin(call(&stage.service));
    assert!(poll!(&mut waits).is_pending());
    assert_eq!(stage.polls(), 1 + 2);
}

/// linkerd2-proxy#2491: an endpoint that had been ready when it was asked was called when it was so no more.
#[tokio::test(start_paused = true)]
async fn an_endpoint_is_called_that_is_ready_at_the_time_of_the_call() {
    let mut stage = Stage::new(plain(), 2).await;
    let ready = stage.service.ready().await.expect("ready");
    let future = ready.call(Request::new(()));
    stage.server(1).is_stuck(true);
    future.await.expect("an answer");
    assert_eq!(stage.calls(), [0, 1]);
}

/// tower#134: a new endpoint was thought to take a second, and starved; thought to take none, it would be flooded.
#[tokio::test(start_paused = true)]
async fn a_new_endpoint_is_neither_starved_nor_flooded() {
    let stage = Stage::new(plain(), 3).await;
    for number in 1..=4 {
        stage.server(number).will(vec![Answer::After(MILLI * 10, 200); 1000]);
    }
    let burst = async || {
        futures_util::future::join_all((0..40).map(|_| call(&stage.service))).await;
    };
    burst().await;
    stage.follow(1..=4).await;
    burst().await;
    assert!((5..=15).contains(&stage.calls()[3]), "before it has answered once: {:?}", stage.calls());
}

/// linkerd2-proxy#4537: an endpoint that failed fast looked best, and got most calls.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_fast_looks_no_better() {
    let mut stage = Stage::new(Policy { failure_factor: 10.0, ..plain() }, 3).await;
    stage.server(1).will(vec![Answer::Status(503); 1000]);
    for number in 2..=3 {
        stage.server(number).will(vec![Answer::After(MILLI * 10, 200); 1000]);
    }
    stage.call(300).await;
    assert!(stage.calls()[0] <= 10, "{:?}", stage.calls());
}

/// grpc-rust#2839: a connection that could not be made was ready, and was chosen again and again.
#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_is_left_alone() {
    let mut stage = Stage::new(Policy { slow_start: None, ..Policy::default() }, 3).await;
    stage.server(1).is_broken(true);
    stage.call(30).await;
    for _ in 0..100 {
        pass(MILLI * 5).await;
        stage.call(5).await;
    }
    let polls = stage.server(1).polls();
    assert!(polls <= 7, "it was asked {polls} times");
}

/// A connection that many calls share dies once.
#[tokio::test(start_paused = true)]
async fn errors_of_calls_that_die_together_count_once() {
    let mut stage = Stage::new(breakers(), 1).await;
    stage.server(1).will(vec![Answer::Never; 50]);
    stage.server(1).will(vec![Answer::Breaks; 2]);
    let together = || futures_util::future::join_all((0..50).map(|_| call(&stage.service)));
    // So many calls on one connection, which breaks for all of them at once.
    stage.server(1).dies_after(SECOND);
    let results = together().await;
    assert!(results.iter().all(Result::is_err));
    assert_eq!(stage.snapshot().open, 0, "that was one failure");
    pass(SECOND).await;
    stage.call(1).await;
    assert_eq!(stage.snapshot().open, 1, "this is another one");
}

/// Retries that are made at once each count, as they began after the one before had failed.
#[tokio::test(start_paused = true)]
async fn errors_one_after_the_other_each_count() {
    let mut stage = Stage::new(breakers(), 1).await;
    stage.server(1).will(vec![Answer::Breaks; 2]);
    stage.call(1).await;
    pass(MILLI).await;
    stage.call(1).await;
    assert_eq!(stage.snapshot().open, 1);
}

/// Whoever holds the last clone holds the task; a handle does not.
#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_clone() {
    let Stage { source, service, handle, .. } = Stage::new(plain(), 3).await;
    let clone = service.clone();
    drop(service);
    settle().await;
    assert!(!source.is_closed());
    drop(clone);
    settle().await;
    assert!(source.is_closed());
    assert!(handle.pick().is_ok());
    assert!(source.closed().now_or_never().is_some());
}
