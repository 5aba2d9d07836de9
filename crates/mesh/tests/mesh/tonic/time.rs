//! Deadlines on their way.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use mesh::{
    answer::AnswerLayer,
    circuit_breaker::State,
    classify::Outcome,
    deadline::{self, Deadline},
};
use tokio::time::Instant;
use tonic::{Code, Request, Status, body::Body};
use tonic_health::pb::HealthCheckRequest;
use tower::{ServiceExt, service_fn};

use super::{Do, SECOND, Stage, calling, serving, serving_by, told};

fn within(time: Duration) -> Request<HealthCheckRequest> {
    let mut request = Request::new(HealthCheckRequest::default());
    request.set_timeout(time);
    request
}

/// What each call was told to have left.
fn told_times(stage: &Stage) -> Vec<String> {
    stage.service.seen().iter().filter_map(|seen| told(seen, "grpc-timeout")).collect()
}

#[tokio::test(start_paused = true)]
async fn each_try_is_told_what_is_left_of_what_the_caller_has_set() {
    let retrying =
        r#""attempts": {"retry": {"idempotent": true, "backoff": {"first": "1ms", "longest": "1ms"}}}"#;
    let mut stage = Stage::new(calling(retrying), serving_by("")).await;
    stage.service.will([Do::Wait(SECOND), Do::Say(Code::Unavailable)]);
    stage.client.check(within(3 * SECOND)).await.expect("the second try's answer");
    let [first, second] = &told_times(&stage)[..] else { panic!("two tries") };
    assert_eq!(first, "3000000u");
    let second: u64 = second.trim_end_matches('u').parse().expect("microseconds");
    assert!((1_990_000..=2_000_000).contains(&second), "a second and the back-off are gone: {second}");
}

#[tokio::test(start_paused = true)]
async fn a_call_within_a_call_has_less_than_that_and_never_more_than_the_policy() {
    let mut stage = Stage::new(calling(r#""deadline": {"at_most": "4s"}"#), serving_by("")).await;
    let inherited = Deadline::after(2 * SECOND);
    deadline::scope(inherited, stage.client.check(within(3 * SECOND))).await.expect("an answer");
    stage.client.check(within(9 * SECOND)).await.expect("an answer");
    assert_eq!(told_times(&stage), ["1995000u", "4000000u"]);
}

#[tokio::test(start_paused = true)]
async fn the_server_ends_what_takes_longer_with_deadline_exceeded() {
    let mut stage = Stage::new(calling(r#""deadline": {"way_back_percent": 10}"#), serving_by("")).await;
    stage.service.will([Do::Hang]);
    let began = Instant::now();
    let status = stage.client.check(within(2 * SECOND)).await.expect_err("its time is up");
    assert_eq!((status.code(), stage.serving.answers().snapshot().timed_out), (Code::DeadlineExceeded, 1));
    assert!(began.elapsed() < 2 * SECOND, "the server's answer is there in time: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hears_nothing_says_the_same_itself() {
    let deaf = async |_| service_fn(|_| std::future::pending()).boxed_clone();
    let mut stage = Stage::over(calling(""), serving_by(""), AnswerLayer::new(), deaf).await;
    let status = stage.client.check(within(2 * SECOND)).await.expect_err("its time is up");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

/// A breaker that one failure trips, and tries whose answers may take a second as a whole.
const WHOLE: &str = r#""timeout": {"headers": "500ms", "whole": "1s"},
    "circuit_breaker": {"consecutive_failures": 1, "failure_percent": null}"#;

#[tokio::test(start_paused = true)]
async fn messages_that_go_on_past_the_time_out_of_a_try_end_with_deadline_exceeded() {
    let mut stage = Stage::new(calling(WHOLE), serving_by("")).await;
    stage.service.will([Do::Serve, Do::Hang]);
    let began = Instant::now();
    let mut messages = stage.client.watch(HealthCheckRequest::default()).await.expect("headers").into_inner();
    assert_eq!(messages.message().await.expect("a message"), Some(serving()));
    let status = messages.message().await.expect_err("its time is up");
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "no whole answer within 1s"));
    assert_eq!(messages.message().await.expect("the end"), None);
    assert!((SECOND..SECOND + Duration::from_millis(2)).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!(stage.calling.circuit_breaker().state(), State::Open, "the server took too long");
    assert_eq!(stage.calling.routes()[0].calls.outcomes(Outcome::Failure), 1);
}

#[tokio::test(start_paused = true)]
async fn so_they_do_at_the_deadline_of_the_call_where_that_comes_first() {
    let mut stage = Stage::new(calling(WHOLE), serving_by("")).await;
    stage.service.will([Do::Serve, Do::Hang]);
    let mut messages = stage.client.watch(within(SECOND / 2)).await.expect("headers").into_inner();
    assert_eq!(messages.message().await.expect("a message"), Some(serving()));
    let status = messages.message().await.expect_err("its time is up");
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "the deadline has passed"));
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_as_late_as_none() {
    let half = async |_| {
        let frame = || Ok::<_, Status>(Frame::data(Bytes::from_static(&[0, 0, 0, 0, 2, 8])));
        let body = move || Body::new(StreamBody::new(stream::iter([frame()]).chain(stream::pending())));
        service_fn(move |_| std::future::ready(Ok(http::Response::new(body())))).boxed_clone()
    };
    for (policy, time) in [(WHOLE, SECOND * 9), ("", SECOND)] {
        let mut stage = Stage::over(calling(policy), serving_by(""), AnswerLayer::new(), half).await;
        assert_eq!(stage.client.check(within(time)).await.expect_err("half").code(), Code::DeadlineExceeded);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_go_on_past_the_deadline_end_with_it_too() {
    let mut stage = Stage::new(calling(""), serving_by("")).await;
    stage.service.will([Do::Serve, Do::Hang]);
    let mut messages = stage.client.watch(within(2 * SECOND)).await.expect("headers").into_inner();
    assert_eq!(messages.message().await.expect("a message"), Some(serving()));
    assert_eq!(messages.message().await.expect_err("its time is up").code(), Code::DeadlineExceeded);
    assert_eq!(stage.calling.routes()[0].calls.outcomes(Outcome::Failure), 1);
}
