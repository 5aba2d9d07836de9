//! What is reserved and when, and what becomes of a call that is dropped. The upstream panics when it is called without having been ready.

use futures_util::{future::poll_fn, poll};

use super::*;

/// tower#472, tower-resilience#307: room was reserved for hedges that never fired.
#[tokio::test(start_paused = true)]
async fn nothing_is_reserved_for_a_hedge_that_does_not_fire() {
    let mut stage = Stage::warm(Policy::default()).await;
    let polls = stage.upstream.polls();
    for _ in 0..10 {
        stage.get().await.expect("an answer");
    }
    assert_eq!(stage.upstream.polls() - polls, 10);
    assert_eq!(stage.handle.budget().snapshot().granted, 0);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_whose_service_is_not_ready_before_the_answer_gives_its_room_back() {
    let stage = Stage::warm(Policy::default()).await;
    let reserved = || stage.handle.budget().snapshot().reserved;
    stage.upstream.will([status(200).after(SECOND)]);
    let mut call = Box::pin(stage.service.clone().oneshot(get()));
    assert!(poll!(&mut call).is_pending());
    stage.upstream.is_stuck(true);
    tokio::time::advance(SECOND / 2).await;
    assert!(poll!(&mut call).is_pending());
    assert_eq!(reserved(), 1);
    tokio::time::advance(SECOND / 2).await;
    assert_eq!(call.await.expect("an answer").status(), 200);
    assert_eq!((stage.calls(), reserved()), (1, 0));
    assert_eq!(stage.handle.snapshot().not_sent(NotSent::NotReady), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_drops_both_attempts_and_the_hedge_counts() {
    let stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([never(), never()]);
    let mut call = Box::pin(stage.service.clone().oneshot(get()));
    assert!(poll!(&mut call).is_pending());
    tokio::time::advance(SECOND).await;
    assert!(poll!(&mut call).is_pending());
    assert_eq!(stage.calls(), 2);
    drop(call);
    assert_eq!((stage.upstream.dropped(), stage.handle.budget().snapshot().reserved), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_the_hedge_fires_has_reserved_nothing() {
    let stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([never()]);
    let mut call = Box::pin(stage.service.clone().oneshot(get()));
    assert!(poll!(&mut call).is_pending());
    drop(call);
    assert_eq!((stage.upstream.dropped(), stage.handle.budget().snapshot().granted), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn who_polls_once_more_has_had_the_answer() {
    let mut stage = Stage::warm(Policy::default()).await;
    poll_fn(|context| Service::<Request<Full<Bytes>>>::poll_ready(&mut stage.service, context))
        .await
        .expect("ready");
    let mut call = Box::pin(stage.service.call(get()));
    assert_eq!(call.as_mut().await.expect("an answer").status(), 200);
    assert!(poll!(&mut call).is_pending());
}
