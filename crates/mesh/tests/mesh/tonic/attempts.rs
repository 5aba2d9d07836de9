//! What is tried again.

use tonic::Code;

use super::{Do, Stage, calling, serving_by, told};

/// Checks can be made twice, and nothing else.
const CHECKS: &str = r#""budget": {"floor": 100}, "attempts": {"retry": {}}, "routes": [{
    "name": "checks", "matches": {"path": "/grpc.health.v1.Health/Check"}, "attempts": {"retry": {"idempotent": true}}
}]"#;

#[tokio::test(start_paused = true)]
async fn what_can_be_made_twice_is_tried_again_and_says_which_attempt_it_is() {
    let mut stage = Stage::new(calling(CHECKS), serving_by("")).await;
    stage.service.will([Do::Say(Code::Unavailable), Do::Say(Code::Unavailable)]);
    assert_eq!(stage.code().await, Code::Ok);
    let attempts = |name| stage.service.seen().iter().map(|seen| told(seen, name)).collect::<Vec<_>>();
    let counted = [None, Some("1".to_owned()), Some("2".to_owned())];
    assert_eq!(attempts("grpc-previous-rpc-attempts"), counted);
    assert_eq!(attempts("x-retry-attempt"), counted);

    stage.service.will([Do::Say(Code::NotFound)]);
    assert_eq!((stage.code().await, stage.service.calls()), (Code::NotFound, 4), "an answer is no failure");
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_made_twice_is_not_tried_again_unless_a_code_says_that_nothing_was_done() {
    let mut stage = Stage::new(calling(r#""attempts": {"retry": {}}"#), serving_by("")).await;
    stage.service.will([Do::Say(Code::Unavailable)]);
    assert_eq!((stage.code().await, stage.service.calls()), (Code::Unavailable, 1));

    let nothing_done = r#""attempts": {"retry": {"unprocessed": {"grpc_codes": [14]}}}"#;
    stage.calling.reload(calling(nothing_done)).expect("a policy in its ranges");
    stage.service.will([Do::Say(Code::Unavailable), Do::Serve, Do::Say(Code::Internal)]);
    assert_eq!((stage.code().await, stage.service.calls()), (Code::Ok, 3));
    assert_eq!((stage.code().await, stage.service.calls()), (Code::Internal, 4));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_room_is_asked_again_after_its_push_back() {
    let mut stage = Stage::new(
        calling(CHECKS),
        serving_by(r#""rate_limit": {"limit": {"calls": 1, "burst": 1, "per": "2s"}}"#),
    )
    .await;
    assert_eq!(stage.code().await, Code::Ok);
    let began = tokio::time::Instant::now();
    assert_eq!((stage.code().await, stage.service.calls()), (Code::Ok, 2));
    assert!(began.elapsed() >= 2 * super::SECOND, "not before there is room again: {:?}", began.elapsed());
}
