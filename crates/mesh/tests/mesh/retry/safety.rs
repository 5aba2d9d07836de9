//! Only what is safe is made twice.

use std::io;

use mesh::{
    Refused, Why,
    classify::Grpc,
    retry::{RetryLayer, Unprocessed},
};

use super::*;

#[tokio::test(start_paused = true)]
async fn methods_that_are_idempotent_are_made_again_and_the_others_are_not() {
    for (method, calls) in [
        (Method::GET, 2),
        (Method::HEAD, 2),
        (Method::OPTIONS, 2),
        (Method::PUT, 2),
        (Method::DELETE, 2),
        (Method::TRACE, 2),
        (Method::POST, 1),
        (Method::PATCH, 1),
        (Method::CONNECT, 1),
    ] {
        let mut stage = Stage::new(Policy::default());
        stage.upstream.will([status(503)]);
        let mut request = get();
        *request.method_mut() = method.clone();
        assert_eq!(stage.call(request).await.expect("an answer"), if calls == 2 { 200 } else { 503 });
        assert_eq!(stage.upstream.calls(), calls, "{method}");
        assert_eq!(stage.ended(Ended::Unsafe), u64::from(calls == 1), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_with_an_idempotency_key_is_made_again_with_its_key_and_body() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503)]);
    let mut request = post("an order");
    request.headers_mut().insert("idempotency-key", "7".parse().expect("a value"));
    assert_eq!(stage.call(request).await.expect("an answer"), 200);
    let seen = stage.upstream.seen();
    assert!(seen.iter().all(|seen| seen.body == b"an order" && seen.headers["idempotency-key"] == "7"));
    assert_eq!(seen.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_route_may_say_that_its_calls_are_idempotent() {
    let mut stage = Stage::new(Policy { idempotent: true, ..Policy::default() });
    stage.upstream.will([status(503)]);
    assert_eq!(stage.call(post("")).await.expect("an answer"), 200);
}

#[tokio::test(start_paused = true)]
async fn a_status_by_which_nothing_was_done_is_retried_whatever_the_method() {
    let unprocessed = Unprocessed { statuses: vec![425], grpc_codes: vec![] };
    let mut stage = Stage::new(Policy { unprocessed, ..Policy::default() });
    stage.upstream.will([status(425), status(503)]);
    assert_eq!(stage.call(post("an order")).await.expect("an answer"), 503, "this one may have been done");
    assert_eq!((stage.upstream.calls(), stage.retries(Reason::Unprocessed)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_refused_did_nothing_whatever_wraps_its_error() {
    #[derive(Debug)]
    struct Wrapped(io::Error);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("connecting")
        }
    }
    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([error(|| Box::new(Wrapped(io::ErrorKind::ConnectionRefused.into())))]);
    assert_eq!(stage.call(post("an order")).await.expect("an answer"), 200);
    stage.upstream.will([error(|| Box::new(Wrapped(io::ErrorKind::ConnectionReset.into())))]);
    stage.call(post("an order")).await.expect_err("it may have been done");
    assert_eq!((stage.upstream.calls(), stage.ended(Ended::Unsafe)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn other_errors_can_be_said_to_have_done_nothing() {
    let budget = Budget::new(roomy()).expect("a policy in its ranges");
    let builder = Builder::new(Policy::default(), budget);
    let builder = builder.unprocessed(|error| error.to_string() == "the pool is empty");
    let layer = builder.build(Http::new()).expect("a policy in its ranges");
    let upstream = Upstream::default();
    upstream.will([
        error(|| "the pool is empty".into()),
        error(|| io::Error::from(io::ErrorKind::ConnectionRefused).into()),
    ]);
    let answer = layer.layer(upstream.clone()).oneshot(post("an order")).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), upstream.calls()), (200, 3));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_ours_is_passed_on_and_costs_nothing() {
    let mut stage = Stage::new(Policy::default());
    for _ in 0..5 {
        stage.upstream.will([error(|| Box::new(Refused::new(Why::CircuitOpen, Some(SECOND))))]);
        let error = stage.get().await.expect_err("a refusal");
        assert!(error.is::<Refused>());
    }
    assert_eq!((stage.upstream.calls(), stage.ended(Ended::Refused)), (5, 5));
    let budget = stage.handle.budget().snapshot();
    assert_eq!((budget.granted, budget.denied, budget.first_attempts), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_an_open_breaker_refuses_gives_its_room_back() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503), error(|| Box::new(Refused::new(Why::CircuitOpen, None)))]);
    assert!(stage.get().await.expect_err("a refusal").is::<Refused>());
    let budget = stage.handle.budget().snapshot();
    assert_eq!((budget.granted, budget.reserved, budget.first_attempts), (1, 0, 1));
}

async fn of_grpc(
    policy: Policy,
    replies: impl IntoIterator<Item = crate::upstream::Reply>,
) -> (Upstream, Handle) {
    let layer = RetryLayer::new(policy, Grpc::new()).expect("a policy in its ranges");
    let upstream = Upstream::default();
    upstream.will(replies);
    let mut request = post("a message");
    request.headers_mut().insert("content-type", "application/grpc".parse().expect("a value"));
    layer.layer(upstream.clone()).oneshot(request).await.expect("an answer");
    (upstream, layer.handle())
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_is_made_again_at_a_code_that_is_configured_to_mean_that_nothing_was_done() {
    let unprocessed = Unprocessed { statuses: vec![], grpc_codes: vec![14] };
    let policy = Policy { unprocessed, ..Policy::default() };
    let (upstream, _) = of_grpc(policy.clone(), [status(200).header("grpc-status", "14")]).await;
    let seen = upstream.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].headers["grpc-previous-rpc-attempts"], "1");
    assert_eq!(seen[1].body, b"a message");
    let (upstream, _) = of_grpc(policy, [status(200).header("grpc-status", "13")]).await;
    assert_eq!(upstream.calls(), 1, "INTERNAL may have done something");
    let (upstream, _) = of_grpc(Policy::default(), [status(200).header("grpc-status", "14")]).await;
    assert_eq!(upstream.calls(), 1, "it is not configured");
}

#[tokio::test(start_paused = true)]
async fn a_negative_push_back_means_never_and_a_positive_one_is_waited_for() {
    let policy = Policy { idempotent: true, ..Policy::default() };
    let unavailable = || status(200).header("grpc-status", "14");
    for never in ["-1", "soon"] {
        let reply = unavailable().header("grpc-retry-pushback-ms", never);
        let (upstream, handle) = of_grpc(policy.clone(), [reply]).await;
        assert_eq!((upstream.calls(), handle.snapshot().ended(Ended::Pushback)), (1, 1));
    }
    let begun = tokio::time::Instant::now();
    let (upstream, _) = of_grpc(
        policy,
        [unavailable().header("grpc-retry-pushback-ms", "1500"), status(200).header("grpc-status", "0")],
    )
    .await;
    assert_eq!(upstream.calls(), 2);
    assert!(begun.elapsed() >= Duration::from_millis(1500));
}

#[tokio::test(start_paused = true)]
async fn a_grpc_answer_whose_code_comes_after_its_body_is_passed_on() {
    let policy = Policy { idempotent: true, ..Policy::default() };
    let (upstream, handle) = of_grpc(policy, [status(200).body("a message")]).await;
    assert_eq!((upstream.calls(), handle.budget().snapshot().first_attempts), (1, 1));
}
