//! The contract of `poll_ready` and `call`, and what becomes of a call that is dropped.

use std::task::Poll;

use futures_util::{FutureExt, future::poll_fn, poll};

use super::*;

fn asked(service: &mut Guarded) -> impl Future<Output = Poll<Result<(), BoxError>>> {
    poll_fn(|context| Poll::Ready(Service::<Request<()>>::poll_ready(service, context)))
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_ready_without_asking_the_server() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    stage.server.is_stuck(true);
    let before = stage.server.polls();
    assert!(matches!(asked(&mut stage.service).await, Poll::Ready(Ok(()))));
    stage.refuses().await;
    assert_eq!(stage.server.polls(), before);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_server_that_was_polled_ready_is_refused() {
    let mut stage = Stage::new(policy());
    refusal(stage.service.call(Request::new(())).await);
    assert!(asked(&mut stage.service).await.is_ready());
    let mut clone = stage.service.clone();
    refusal(clone.call(Request::new(())).await);
    assert_eq!(stage.server.calls(), 0, "a clone has no readiness");
    stage.service.call(Request::new(())).await.expect("an answer");
    assert_eq!(stage.server.calls(), 1);
    refusal(stage.service.call(Request::new(())).await);
    assert_eq!(stage.server.calls(), 1, "readiness is spent by a call");
}

#[tokio::test(start_paused = true)]
async fn readiness_from_before_the_back_off_was_over_is_no_lease() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    assert!(asked(&mut stage.service).await.is_ready());
    pass(SECOND).await;
    refusal(stage.service.call(Request::new(())).await);
    assert_eq!(stage.handle.state(), State::Open, "nobody became a probe");
    stage.answers(Answer::Status(200)).await;
}

/// As tower's contract has it: until the call is made, `poll_ready` does not go back to Pending.
#[tokio::test(start_paused = true)]
async fn who_was_told_ready_stays_so_until_the_call() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    assert!(asked(&mut stage.service).await.is_ready());
    stage.server.is_stuck(true);
    pass(SECOND).await;
    assert!(asked(&mut stage.service).await.is_ready());
    refusal(stage.service.call(Request::new(())).await);
    assert!(asked(&mut stage.service).await.is_pending(), "the next call may wait");
}

#[tokio::test(start_paused = true)]
async fn a_readiness_that_is_never_used_holds_no_place() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    pass(SECOND).await;
    let mut idle = stage.service.clone();
    assert!(matches!(asked(&mut idle).await, Poll::Ready(Ok(()))));
    stage.answers(Answer::Status(200)).await;
    assert_eq!(stage.handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_server_is_refused_when_the_breaker_opens() {
    let mut stage = Stage::new(policy());
    stage.server.will([Answer::After(SECOND, 500), Answer::After(SECOND, 500)]);
    let flying = [ready_call(&mut stage).await, ready_call(&mut stage).await];
    stage.server.is_stuck(true);
    let mut waiting = stage.service.clone();
    let waiting = tokio::spawn(async move { call(&mut waiting).await });
    tokio::task::yield_now().await;
    for call in flying {
        assert_eq!(call.await.expect("an answer").status(), 500);
    }
    refusal(waiting.await.expect("a task that ends"));
    assert_eq!(stage.server.calls(), 2);
}

async fn ready_call(stage: &mut Stage) -> impl Future<Output = Result<Response<()>, BoxError>> + use<> {
    stage.service.ready().await.expect("a server that is ready").call(Request::new(()))
}

#[tokio::test(start_paused = true)]
async fn only_as_many_wait_for_a_server_that_is_not_ready_as_there_are_probes() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    pass(SECOND).await;
    stage.server.is_stuck(true);
    let (mut first, mut second) = (stage.service.clone(), stage.service.clone());
    assert!(asked(&mut first).await.is_pending());
    assert!(asked(&mut first).await.is_pending(), "it has its place");
    assert!(asked(&mut second).await.is_ready());
    refusal(second.call(Request::new(())).await);
    drop(first);
    assert!(asked(&mut second).await.is_pending(), "the place is free again");
    stage.server.is_stuck(false);
    assert_eq!(call(&mut second).await.expect("an answer"), 200);
    assert_eq!(stage.handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_when_it_is_asked_has_failed_a_call() {
    let mut stage = Stage::new(policy());
    stage.server.is_broken(true);
    for _ in 0..2 {
        let error = stage.call().await.expect_err("its error");
        assert_eq!(error.to_string(), "the connection is gone");
    }
    stage.refuses().await;
    assert_eq!(stage.server.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_counts_as_nothing_and_a_probe_gives_its_place_back() {
    let mut stage = Stage::new(policy());
    stage.answers(Answer::Status(500)).await;
    stage.server.will([Answer::Never]);
    assert!(stage.call().now_or_never().is_none());
    assert_eq!(stage.handle.snapshot().consecutive_failures, 1);
    stage.answers(Answer::Status(500)).await;
    pass(SECOND).await;
    // Dropped before it was polled, and after.
    for polled in [false, true] {
        stage.server.will([Answer::Never]);
        let mut probe = Box::pin(ready_call(&mut stage).await);
        if polled {
            assert!(poll!(&mut probe).is_pending());
        }
        assert!(refusal(call(&mut stage.service.clone()).await).retry_in().is_none());
        drop(probe);
    }
    stage.answers(Answer::Status(200)).await;
    assert_eq!(stage.handle.state(), State::Closed);
}
