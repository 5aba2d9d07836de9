//! Streams of messages.

use mesh::classify::Outcome;
use tokio::time::timeout;
use tonic::Streaming;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::{Do, SECOND, Stage, calling, serving, serving_by, told};

/// A breaker that knows slow calls, and streams that last as long as they are wanted.
const SLOW: &str = r#""deadline": {"body": false},
    "circuit_breaker": {"slow_calls": {"from": "1s", "percent": 100}, "minimum_calls": 100}"#;

async fn watching(stage: &mut Stage) -> Streaming<HealthCheckResponse> {
    stage.client.watch(HealthCheckRequest::default()).await.expect("headers").into_inner()
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_known_at_its_trailers_and_is_no_sample_of_how_fast_the_server_is() {
    let mut stage = Stage::new(calling(SLOW), serving_by("")).await;
    let breaker = stage.calling.circuit_breaker();
    stage.service.will([Do::Serve, Do::Wait(5 * SECOND), Do::Serve]);
    let mut messages = watching(&mut stage).await;
    for _ in 0..2 {
        assert_eq!(messages.message().await.expect("a message"), Some(serving()));
    }
    assert_eq!(messages.message().await.expect("the end"), None);
    assert_eq!((breaker.snapshot().calls, breaker.snapshot().slow), (1, 0));

    stage.service.will([Do::Wait(2 * SECOND), Do::Serve]);
    stage.check().await.expect("an answer");
    assert_eq!((breaker.snapshot().calls, breaker.snapshot().slow), (2, 1), "one answer is a sample");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_still_goes_on_after_ten_seconds_works_on_both_sides() {
    let mut stage = Stage::new(calling(SLOW), serving_by("")).await;
    stage.service.will([Do::Serve, Do::Hang]);
    let mut messages = watching(&mut stage).await;
    assert_eq!(messages.message().await.expect("a message"), Some(serving()));
    let known = |stage: &Stage| {
        [stage.calling.routes(), stage.serving.routes()].map(|side| side[0].calls.outcomes(Outcome::Success))
    };
    timeout(9 * SECOND, messages.message()).await.expect_err("it goes on");
    assert_eq!(known(&stage), [0, 0]);
    timeout(2 * SECOND, messages.message()).await.expect_err("it goes on");
    assert_eq!(known(&stage), [1, 1]);
    let breaker = stage.calling.circuit_breaker().snapshot();
    assert_eq!((breaker.calls, breaker.failures, breaker.slow), (1, 0, 0));
    drop(messages);
    assert_eq!(known(&stage), [1, 1], "it is told once");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_may_last_is_told_no_time_which_would_end_it() {
    let mut stage = Stage::new(calling(SLOW), serving_by("")).await;
    let _messages = watching(&mut stage).await;
    stage.calling.reload(calling("")).expect("a policy in its ranges");
    let _messages = watching(&mut stage).await;
    let times: Vec<_> = stage.service.seen().iter().map(|seen| told(seen, "grpc-timeout")).collect();
    assert_eq!(times, [None, Some("5000000u".into())]);
}
