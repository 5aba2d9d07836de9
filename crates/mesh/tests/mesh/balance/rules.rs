//! How calls are spread.

use http::{HeaderName, HeaderValue};
use mesh::{
    Why,
    balance::{ByHeader, SlowStart},
};

use super::*;

/// Calls of a server that takes this long, a few at a time.
async fn spread(stage: &Stage, calls: usize, takes: impl Fn(u8) -> Duration, servers: u8) -> Vec<usize> {
    for number in 1..=servers {
        stage.server(number).will_only(vec![Answer::After(takes(number), 200); calls]);
    }
    let before = stage.calls();
    for _ in 0..calls / 4 {
        let four = [(); 4].map(|()| call(&stage.service));
        futures_util::future::join_all(four).await;
    }
    stage
        .calls()
        .iter()
        .zip(before.iter().chain(std::iter::repeat(&0)))
        .map(|(now, then)| now - then)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn endpoints_that_are_alike_get_alike() {
    let stage = Stage::new(plain(), 4).await;
    let calls = spread(&stage, 400, |_| MILLI * 10, 4).await;
    assert!(calls.iter().all(|calls| (70..=130).contains(calls)), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_endpoint_gets_few_calls_and_is_tried_again_when_that_is_forgotten() {
    let stage = Stage::new(plain(), 3).await;
    let takes = |number| if number == 1 { MILLI * 100 } else { MILLI * 10 };
    spread(&stage, 40, takes, 3).await;
    let calls = spread(&stage, 400, takes, 3).await;
    assert!(calls[0] <= 12, "{calls:?}");
    pass(SECOND * 60).await;
    let calls = spread(&stage, 40, |_| MILLI * 10, 3).await;
    assert!(calls[0] >= 4, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn who_joins_others_begins_with_a_part_of_its_share() {
    let slow_start = Some(SlowStart { window: SECOND * 100, from_percent: 10 });
    let stage = Stage::new(Policy { slow_start, ..plain() }, 3).await;
    spread(&stage, 400, |_| MILLI * 10, 3).await;
    assert!(stage.snapshot().endpoints.iter().all(|endpoint| endpoint.share >= 1.0), "they began together");
    stage.follow(1..=4).await;
    let young = spread(&stage, 400, |_| MILLI * 10, 4).await;
    assert!((1..=30).contains(&young[3]), "{young:?}");
    pass(SECOND * 100).await;
    let grown = spread(&stage, 400, |_| MILLI * 10, 4).await;
    assert!((70..=130).contains(&grown[3]), "{grown:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_session_go_to_one_endpoint_and_only_those_of_one_that_leaves_move() {
    let stage = Stage::new(plain(), 0).await;
    let (source, endpoints) = watch::channel(Some(set(1..=5)));
    let fleet = Arc::clone(&stage.fleet);
    let builder = Builder::new(breakers()).sessions(ByHeader(HeaderName::from_static("x-client")));
    let connect = move |endpoint: &Endpoint| {
        fleet.lock().expect("no panic").entry(endpoint.address).or_default().clone()
    };
    let service = builder.build(endpoints, Http::new(), connect).expect("a policy in its ranges");
    settle().await;
    let reach = async |client: u16| {
        let before = stage.calls();
        let mut request = Request::new(());
        request.headers_mut().insert("x-client", HeaderValue::from(client));
        service.clone().oneshot(request).await.expect("an answer");
        let after = stage.calls();
        (0..after.len()).find(|index| after[*index] > before.get(*index).copied().unwrap_or_default())
    };
    let mut homes = vec![];
    for client in 0..50 {
        homes.push(reach(client).await);
        assert_eq!(reach(client).await, homes[usize::from(client)]);
    }
    source.send_replace(Some(set(1..=4)));
    settle().await;
    for client in 0..50_u16 {
        let (before, now) = (homes[usize::from(client)], reach(client).await);
        assert!(before == now || before == Some(4), "client {client} moved from {before:?} to {now:?}");
    }
    assert!((0..5).all(|home| homes.contains(&Some(home))), "each has some: {homes:?}");
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_lets_nobody_through_but_its_probes_which_go_before_any_choice() {
    let mut stage = Stage::new(breakers(), 3).await;
    stage.fails(1, 2).await;
    assert_eq!((stage.snapshot().open, stage.snapshot().eligible), (1, 2));
    let before = stage.calls()[0];
    stage.call(50).await;
    assert_eq!(stage.calls()[0], before, "it is left alone");
    pass(SECOND).await;
    stage.call(1).await;
    assert_eq!((stage.calls()[0], stage.snapshot().open), (before + 1, 0), "the first call was the probe");
    assert_eq!(stage.labels().iter().filter(|label| **label == "breaker").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn those_that_leave_are_used_when_none_is_ready_and_those_that_are_not_ready_never() {
    let mut stage = Stage::new(plain(), 0).await;
    let as_they_are = |conditions: [Condition; 3]| {
        let endpoints = (1..)
            .zip(conditions)
            .map(|(number, condition)| Endpoint { condition, ..Endpoint::new(address(number)) });
        Some(endpoints.collect::<EndpointSet>())
    };
    stage.source.send_replace(as_they_are([Condition::Ready, Condition::Leaving, Condition::NotReady]));
    settle().await;
    stage.call(20).await;
    assert_eq!(stage.calls(), [20, 0, 0]);
    stage.source.send_replace(as_they_are([Condition::NotReady, Condition::Leaving, Condition::NotReady]));
    settle().await;
    stage.call(20).await;
    assert_eq!(stage.calls(), [20, 20, 0]);
    stage.source.send_replace(as_they_are([Condition::NotReady; 3]));
    settle().await;
    assert_eq!(refusal(call(&stage.service).await).why(), Why::NoEndpoint);
    assert_eq!((stage.snapshot().total, stage.snapshot().used), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_choices() {
    let mut runs = vec![];
    for _ in 0..2 {
        let stage = Stage::new(plain(), 5).await;
        let picks: Vec<_> = (0..50).map(|_| stage.handle.pick()).collect();
        runs.push(picks);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_read_from_a_configuration_and_refused_with_the_names_of_all_its_fields() {
    let policy: Policy = serde_json::from_str(
        r#"{ "memory": "5s", "slow_start": null, "outlier": { "max_percent": 30, "success_rate": { "deviations": 2.5 } } }"#,
    )
    .expect("a policy");
    assert_eq!((policy.memory, policy.slow_start), (SECOND * 5, None));
    assert_eq!(policy.validate(), Ok(()));
    assert_eq!(Policy::default().validate(), Ok(()));
    let outlier = Outlier { max_percent: 0, base: Duration::ZERO, ..Outlier::default() };
    let breaker = circuit_breaker::Policy { probes: 0, ..circuit_breaker::Policy::default() };
    let wrong = Policy {
        failure_factor: f64::NAN,
        panic_percent: 101,
        outlier: Some(outlier),
        breaker: Some(breaker),
        ..Policy::default()
    };
    let (_source, endpoints) = watch::channel(None);
    let connect = |_: &Endpoint| Server::default();
    let error = Balance::new(wrong, endpoints, Http::new(), connect).expect_err("out of range");
    for field in
        ["`failure_factor`", "`panic_percent`", "`outlier.max_percent`", "`outlier.base`", "`breaker.probes`"]
    {
        assert!(error.to_string().contains(field), "{error}");
    }
    assert_eq!(error.problems().len(), 5);
}
