//! None, one and three endpoints, where rules that are meant for many go wrong.

use mesh::{Why, balance::Spared, circuit_breaker::State};

use super::*;

/// linkerd2#11580: nobody to call is neither a failure of anybody nor a reason to wait.
#[tokio::test(start_paused = true)]
async fn without_endpoints_a_call_is_refused_at_once_and_the_first_one_is_called_at_once() {
    let stage = Stage::new(Policy::default(), 0).await;
    for _ in 0..50 {
        let refused = refusal(call(&stage.service).await);
        assert_eq!((refused.why(), refused.retry_in()), (Why::NoEndpoint, None));
    }
    stage.follow([1]).await;
    assert_eq!(call(&stage.service).await.expect("an answer"), 200);
    assert_eq!(stage.snapshot().endpoints[0].breaker, Some(State::Closed));
    assert!(!stage.snapshot().panicking);
}

/// envoy#3263: the only host was ejected.
#[tokio::test(start_paused = true)]
async fn the_only_endpoint_is_never_ejected() {
    for max_percent in [1, 100] {
        let mut stage = Stage::new(ejections(max_percent), 1).await;
        stage.fails(1, 30).await;
        assert_eq!((stage.snapshot().ejected, stage.snapshot().spared(Spared::Limit)), (0, 10));
        assert_eq!(call(&stage.service).await.expect("an answer"), 200);
    }
}

/// envoy#27066, #34796, istio#20135: the share was looked at before the ejection, so that 67 % of three were all three.
#[tokio::test(start_paused = true)]
async fn of_three_endpoints_one_is_left_whatever_the_share() {
    for (max_percent, at_most) in [(1, 1), (10, 1), (66, 1), (67, 2), (100, 2)] {
        let mut stage = Stage::new(ejections(max_percent), 3).await;
        for number in 1..=3 {
            stage.server(number).will(vec![Answer::Status(500); 1000]);
        }
        for _ in 0..200 {
            stage.call(1).await;
            assert!(stage.snapshot().ejected <= at_most, "{max_percent} %");
        }
        assert_eq!(stage.snapshot().ejected, at_most, "{max_percent} %");
    }
}

/// envoy#3263, the other way round: a share of less than one endpoint ejects one, or few endpoints would never lose a bad one.
#[tokio::test(start_paused = true)]
async fn of_two_endpoints_one_may_be_ejected() {
    let mut stage = Stage::new(ejections(10), 2).await;
    stage.fails(1, 3).await;
    assert_eq!((stage.snapshot().ejected, stage.snapshot().panicking), (1, false), "half is enough");
    let before = stage.calls();
    stage.call(20).await;
    assert_eq!(stage.calls(), [before[0], before[1] + 20]);
}

/// linkerd2#11493: with all breakers open callers waited for three seconds and got a 504.
#[tokio::test(start_paused = true)]
async fn with_every_breaker_open_calls_are_refused_at_once_until_the_next_probe() {
    let mut stage = Stage::new(breakers(), 3).await;
    for number in 1..=3 {
        stage.server(number).will(vec![Answer::Status(500); 2]);
    }
    stage.call(6).await;
    assert_eq!((stage.snapshot().open, stage.snapshot().panicking), (3, true));
    pass(MILLI * 400).await;
    let begun = tokio::time::Instant::now();
    let refused = refusal(call(&stage.service).await);
    assert_eq!((refused.why(), refused.retry_in()), (Why::CircuitOpen, Some(MILLI * 600)));
    assert_eq!((begun.elapsed(), stage.calls()), (Duration::ZERO, vec![2, 2, 2]));
    pass(MILLI * 600).await;
    for _ in 0..3 {
        assert_eq!(call(&stage.service).await.expect("a probe that succeeds"), 200);
    }
    assert_eq!((stage.calls(), stage.snapshot().open), (vec![3, 3, 3], 0));
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_nobody_is_called_but_by_probes() {
    let mut stage = Stage::new(breakers(), 3).await;
    for number in 1..=3 {
        stage.server(number).will(vec![Answer::Status(500); 1000]);
    }
    stage.call(6).await;
    let mut probes = 0;
    for _ in 0..70 {
        let before: usize = stage.calls().iter().sum();
        stage.call(20).await;
        probes += stage.calls().iter().sum::<usize>() - before;
        pass(MILLI * 100).await;
    }
    assert_eq!(probes, 3 * 2, "after 1 s and 2 s more of each; the next is due after 4 s more");
}

#[tokio::test(start_paused = true)]
async fn open_breakers_count_towards_the_ejections_and_are_not_limited_by_them() {
    let policy = Policy { breaker: breakers().breaker, ..ejections(34) };
    let mut stage = Stage::new(policy, 3).await;
    for number in 1..=3 {
        stage.fails(number, 2).await;
    }
    assert_eq!((stage.snapshot().open, stage.snapshot().ejected), (3, 0), "all of them, by their breakers");
    let breaker =
        circuit_breaker::Policy { consecutive_failures: Some(2), ..circuit_breaker::Policy::default() };
    let outlier =
        Outlier { consecutive_failures: Some(1), success_rate: None, max_percent: 34, ..Outlier::default() };
    let policy = Policy { breaker: Some(breaker), outlier: Some(outlier), ..plain() };
    let mut stage = Stage::new(policy, 3).await;
    stage.fails(1, 1).await;
    stage.fails(2, 1).await;
    assert_eq!((stage.snapshot().ejected, stage.snapshot().spared(Spared::Limit)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn with_too_few_eligible_the_ejected_are_called_again_but_not_those_with_open_breakers() {
    let policy = Policy { breaker: breakers().breaker, ..ejections(100) };
    let outlier = Outlier { consecutive_failures: Some(1), ..policy.outlier.clone().expect("it is there") };
    let mut stage = Stage::new(Policy { outlier: Some(outlier), ..policy }, 4).await;
    stage.fails(1, 1).await;
    stage.fails(2, 1).await;
    assert_eq!((stage.snapshot().ejected, stage.snapshot().panicking), (2, false));
    let before = stage.calls();
    stage.call(40).await;
    assert_eq!(stage.calls()[..2], before[..2], "they are ejected");
    // A third one goes: fewer than half are left.
    stage.fails(3, 1).await;
    assert_eq!((stage.snapshot().ejected, stage.snapshot().eligible), (3, 1));
    assert!(stage.snapshot().panicking);
    stage.fails(3, 1).await;
    assert_eq!(stage.snapshot().open, 1, "two failures in a row open its breaker");
    let before = stage.calls();
    for _ in 0..40 {
        let four = [(); 4].map(|()| call(&stage.service));
        futures_util::future::join_all(four).await;
    }
    let after = stage.calls();
    assert!(after[0] > before[0] || after[1] > before[1], "those that are ejected are called: {after:?}");
    assert_eq!(after[2], before[2], "the one with the open breaker is not");
    assert_eq!(stage.labels().iter().filter(|label| **label == "panic_began").count(), 1);
    assert!(stage.snapshot().panic_picks >= 160);
}
