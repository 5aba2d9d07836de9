//! When it is ready, and what is left of a call that nobody waits for.

use futures_util::poll;
use mesh::Why;

use super::*;

#[tokio::test(start_paused = true)]
async fn it_is_ready_once_it_is_known_which_endpoints_there_are() {
    let mut stage = Stage::without_a_set(plain());
    settle().await;
    {
        let mut ready = Box::pin(stage.service.ready());
        assert!(poll!(&mut ready).is_pending());
        stage.source.send_replace(Some(set(1..=2)));
        assert!(ready.await.is_ok());
    }
    assert_eq!(call(&stage.service).await.expect("an answer"), 200);
}

#[tokio::test(start_paused = true)]
async fn when_nobody_says_in_time_there_are_none_until_somebody_does() {
    let stage = Stage::without_a_set(plain());
    let begun = tokio::time::Instant::now();
    assert_eq!(refusal(call(&stage.service).await).why(), Why::NoEndpoint);
    assert_eq!(begun.elapsed(), SECOND * 5);
    stage.follow(1..=2).await;
    assert_eq!(call(&stage.service).await.expect("an answer"), 200);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_ends_leaves_the_last_set_and_one_that_never_had_any_leaves_none() {
    let mut stage = Stage::new(ejections(10), 3).await;
    let (other, _) = watch::channel(None);
    drop(std::mem::replace(&mut stage.source, other));
    settle().await;
    assert_eq!(call(&stage.service).await.expect("an answer"), 200);
    stage.fails(1, 3).await;
    pass(SECOND * 41).await;
    assert_eq!((stage.snapshot().returned, stage.snapshot().used), (1, 3), "intervals still end");
    let mut never = Stage::without_a_set(plain());
    let (other, _) = watch::channel(None);
    drop(std::mem::replace(&mut never.source, other));
    let begun = tokio::time::Instant::now();
    assert_eq!(refusal(call(&never.service).await).why(), Why::NoEndpoint);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

/// tower#472: whoever is ready and does not call holds nothing.
#[tokio::test(start_paused = true)]
async fn nothing_is_held_until_a_call_is_polled() {
    let stage = Stage::new(plain(), 1).await;
    let mut services = vec![stage.service.clone(); 100];
    for service in &mut services {
        service.ready().await.expect("ready");
    }
    let futures: Vec<_> = services.iter_mut().map(|service| service.call(Request::new(()))).collect();
    assert_eq!((stage.snapshot().endpoints[0].pending, stage.polls()), (0, 0));
    drop(futures);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_wherever_it_is_leaves_nothing_under_way() {
    let stage = Stage::new(breakers(), 2).await;
    for number in 1..=2 {
        stage.server(number).is_stuck(true);
    }
    let mut waits = Box::pin(call(&stage.service));
    assert!(poll!(&mut waits).is_pending());
    drop(waits);
    for number in 1..=2 {
        stage.server(number).is_stuck(false);
        stage.server(number).will([Answer::Never]);
    }
    let mut under_way = Box::pin(call(&stage.service));
    assert!(poll!(&mut under_way).is_pending());
    assert_eq!(stage.snapshot().endpoints.iter().map(|endpoint| endpoint.pending).sum::<u64>(), 1);
    pass(SECOND).await;
    drop(under_way);
    let seen = stage.snapshot();
    assert!(seen.endpoints.iter().all(|endpoint| endpoint.pending == 0));
    assert_eq!(seen.open, 0);
    let waited = seen.endpoints.iter().filter_map(|endpoint| endpoint.answers_in).max();
    assert!(waited.is_some_and(|waited| waited > MILLI * 900), "it takes at least so long: {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_gives_its_place_back() {
    let mut stage = Stage::new(breakers(), 1).await;
    stage.fails(1, 2).await;
    pass(SECOND).await;
    stage.server(1).will([Answer::Never]);
    let mut probe = Box::pin(call(&stage.service));
    assert!(poll!(&mut probe).is_pending());
    assert_eq!(refusal(call(&stage.service).await).why(), Why::CircuitOpen);
    drop(probe);
    assert_eq!(call(&stage.service).await.expect("the next probe"), 200);
    assert_eq!(stage.snapshot().open, 0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_when_it_is_asked_has_failed() {
    let mut stage = Stage::new(breakers(), 1).await;
    stage.server(1).is_broken(true);
    for _ in 0..2 {
        let error = call(&stage.service).await.expect_err("the endpoint's own error");
        assert_eq!(error.to_string(), "the connection is gone");
        pass(MILLI).await;
    }
    assert_eq!((stage.snapshot().open, stage.calls()), (1, vec![0]));
    stage.call(1).await;
    assert_eq!(stage.snapshot().endpoints[0].pending, 0);
}
