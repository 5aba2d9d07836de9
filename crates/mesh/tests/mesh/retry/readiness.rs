//! The contract of `poll_ready` and `call`, and what becomes of a call that is dropped. The upstream panics when it is called without having been ready.

use std::task::Poll;

use futures_util::{future::poll_fn, poll};

use super::*;

/// tower-resilience#286, #288: the call went to a clone that nobody had polled.
#[tokio::test(start_paused = true)]
async fn the_service_that_was_polled_ready_makes_the_first_attempt_and_its_clone_the_others() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503), status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!((stage.upstream.calls(), stage.upstream.polls()), (3, 3));
    stage.service.clone().oneshot(get()).await.expect("an answer");
}

/// tower#472: readiness that is reserved and not used exhausts what is behind it.
#[tokio::test(start_paused = true)]
async fn nothing_is_reserved_for_a_retry_that_is_not_made() {
    let mut stage = Stage::new(Policy::default());
    for _ in 0..10 {
        stage.get().await.expect("an answer");
    }
    assert_eq!(stage.upstream.polls(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_call_through_a_buffer_of_one_is_retried() {
    let upstream = Upstream::default();
    upstream.will([status(503)]);
    let (buffer, worker) = tower::buffer::Buffer::pair(upstream.clone(), 1);
    tokio::spawn(worker);
    let layer = mesh::retry::RetryLayer::new(Policy::default(), Http::new()).expect("a policy in its ranges");
    let mut service = layer.layer(buffer);
    for _ in 0..3 {
        let answer: Response<_> =
            service.ready().await.expect("a buffer").call(get()).await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(upstream.calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_ready_is_waited_for() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.is_stuck(true);
    let asked = poll_fn(|context| {
        Poll::Ready(Service::<Request<Full<Bytes>>>::poll_ready(&mut stage.service, context))
    });
    assert!(asked.await.is_pending());
    stage.upstream.is_stuck(false);
    stage.upstream.will([status(503).after(SECOND)]);
    let call = tokio::spawn({
        let service = stage.service.clone();
        service.oneshot(get())
    });
    tokio::time::sleep(SECOND / 2).await;
    stage.upstream.is_stuck(true);
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(stage.upstream.calls(), 1, "the retry waits");
    stage.upstream.is_stuck(false);
    assert_eq!(call.await.expect("a task that ends").expect("an answer").status(), 200);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_a_retry_waits_for_its_service_gives_the_room_back() {
    let stage = Stage::new(Policy::default());
    stage.upstream.will([status(503).after(SECOND)]);
    let mut call = Box::pin(stage.service.clone().oneshot(get()));
    assert!(poll!(&mut call).is_pending());
    stage.upstream.is_stuck(true);
    for _ in 0..3 {
        tokio::time::advance(SECOND).await;
        assert!(poll!(&mut call).is_pending());
    }
    assert_eq!(stage.handle.budget().snapshot().reserved, 1);
    drop(call);
    assert_eq!(stage.handle.budget().snapshot().reserved, 0);
    assert_eq!(stage.upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_during_an_attempt_drops_it() {
    let stage = Stage::new(Policy::default());
    stage.upstream.will([never()]);
    let mut call = Box::pin(stage.service.clone().oneshot(get()));
    assert!(poll!(&mut call).is_pending());
    drop(call);
    assert_eq!((stage.upstream.calls(), stage.upstream.dropped()), (1, 1));
    assert_eq!(
        stage.handle.budget().snapshot().first_attempts,
        0,
        "a call that was given up counts as nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn who_polls_once_more_has_had_the_answer() {
    let mut stage = Stage::new(Policy::default());
    poll_fn(|context| Service::<Request<Full<Bytes>>>::poll_ready(&mut stage.service, context))
        .await
        .expect("ready");
    let mut call = Box::pin(stage.service.call(get()));
    assert_eq!(call.as_mut().await.expect("an answer").status(), 200);
    assert!(poll!(&mut call).is_pending());
}
