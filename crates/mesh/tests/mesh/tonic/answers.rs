//! What callers are answered, and what each answer means to the breaker and the limits.

use futures_util::poll;
use mesh::{circuit_breaker::State, classify::Outcome};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;

use super::{Do, SECOND, Stage, calling, serving, serving_by, told};

#[tokio::test(start_paused = true)]
async fn a_call_and_its_answer_pass_through_both_stacks_and_so_do_trailers() {
    let mut stage = Stage::new(calling(""), serving_by("")).await;
    let answer = stage.check().await.expect("an answer");
    assert_eq!((answer.get_ref(), told(answer.metadata(), "grpc-status")), (&serving(), Some("0".into())));

    stage.service.will([Do::Say(Code::NotFound)]);
    let status = stage.check().await.expect_err("it says so");
    assert_eq!((status.code(), status.message()), (Code::NotFound, "as it was told"));
    assert_eq!(told(status.metadata(), "told-by").as_deref(), Some("service"));
    for side in [stage.calling.routes(), stage.serving.routes()] {
        let outcomes = [Outcome::Success, Outcome::Refusal].map(|outcome| side[0].calls.outcomes(outcome));
        assert_eq!(outcomes, [1, 1]);
    }
}

const TWO_FAILURES: &str = r#""circuit_breaker": {"consecutive_failures": 2, "failure_percent": null}"#;

#[tokio::test(start_paused = true)]
async fn unavailable_trips_the_breaker_and_not_found_does_not() {
    let mut stage = Stage::new(calling(TWO_FAILURES), serving_by("")).await;
    stage.service.will([Code::NotFound; 5].map(Do::Say));
    for _ in 0..5 {
        assert_eq!(stage.code().await, Code::NotFound);
    }
    let breaker = stage.calling.circuit_breaker();
    assert_eq!((breaker.state(), breaker.snapshot().consecutive_failures), (State::Closed, 0));

    stage.service.will([Code::Unavailable; 2].map(Do::Say));
    assert_eq!((stage.code().await, breaker.state()), (Code::Unavailable, State::Closed));
    assert_eq!((stage.code().await, breaker.state()), (Code::Unavailable, State::Open));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_only_the_trailers_tell_trips_it_too() {
    let mut stage = Stage::new(calling(TWO_FAILURES), serving_by("")).await;
    let breaker = stage.calling.circuit_breaker();
    for state in [State::Closed, State::Open] {
        stage.service.will([Do::Serve, Do::Say(Code::Unavailable)]);
        let mut messages =
            stage.client.watch(HealthCheckRequest::default()).await.expect("headers").into_inner();
        assert_eq!(messages.message().await.expect("a message"), Some(serving()));
        let status = messages.message().await.expect_err("trailers");
        assert_eq!(
            (status.code(), told(status.metadata(), "told-by")),
            (Code::Unavailable, Some("service".into()))
        );
        assert_eq!(breaker.state(), state);
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_unavailable_with_a_push_back_and_asks_nobody() {
    let open = r#""circuit_breaker": {"consecutive_failures": 1, "open": {"first": "4s", "jitter": 0.0}}"#;
    let mut stage = Stage::new(calling(open), serving_by("")).await;
    stage.service.will([Do::Say(Code::Internal)]);
    assert_eq!(stage.code().await, Code::Internal);
    tokio::time::advance(SECOND).await;
    let status = stage.check().await.expect_err("it is open");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(told(status.metadata(), "grpc-retry-pushback-ms").as_deref(), Some("3000"));
    assert_eq!(stage.service.calls(), 1);
    tokio::time::advance(3 * SECOND).await;
    assert_eq!((stage.code().await, stage.service.calls()), (Code::Ok, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_beyond_its_rate_is_exhausted_and_says_how_its_limit_stands() {
    let once = r#""rate_limit": {"limit": {"calls": 1, "burst": 1, "per": "2s"}}"#;
    let mut stage = Stage::new(calling(""), serving_by(once)).await;
    assert_eq!(stage.code().await, Code::Ok);
    let status = stage.check().await.expect_err("one in two seconds");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(told(status.metadata(), "ratelimit").as_deref(), Some(r#""default";r=0;t=2"#));
    assert_eq!(told(status.metadata(), "ratelimit-policy").as_deref(), Some(r#""default";q=1;w=2"#));
}

#[tokio::test(start_paused = true)]
async fn a_server_beyond_its_limit_is_exhausted_and_says_when_to_come_again() {
    let one = r#""concurrency": {"limit": {"fixed": 1}, "retry_after": "1500ms"}"#;
    let mut stage = Stage::new(calling(""), serving_by(one)).await;
    stage.service.will([Do::Hang]);
    let mut other = stage.client.clone();
    let mut first = Box::pin(other.check(HealthCheckRequest::default()));
    while stage.service.calls() < 1 {
        assert!(poll!(first.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    let status = stage.check().await.expect_err("there is no room");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(told(status.metadata(), "grpc-retry-pushback-ms").as_deref(), Some("1500"));
    assert_eq!(stage.service.calls(), 1);
    assert_eq!(stage.calling.routes()[0].calls.outcomes(Outcome::Throttled), 1, "no failure of the server");

    drop(first);
    while stage.serving.concurrency().expect("a limit").snapshot().under_way > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.code().await, Code::Ok, "who leaves gives the place back, through the connection");
}
