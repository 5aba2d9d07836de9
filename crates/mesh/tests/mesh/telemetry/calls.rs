//! Calls by what came of them.

use futures_util::poll;
use mesh::{
    classify::{Grpc, Outcome},
    telemetry::{Calls, CallsHandle, CallsLayer},
};

use super::*;

fn counted() -> (Server, Calls<Server, Http>, CallsHandle) {
    let (server, layer) = (Server::default(), CallsLayer::new(Http::new()));
    (server.clone(), layer.layer(server), layer.handle())
}

fn outcomes(handle: &CallsHandle) -> Vec<(&'static str, u64)> {
    let all = Outcome::ALL.map(|outcome| (outcome.label(), handle.outcomes(outcome)));
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_by_what_came_of_them_and_answers_are_as_they_were() {
    let (server, service, handle) = counted();
    server.will([200, 404, 429, 503, 204].map(Answer::Status));
    server.will([Answer::Breaks]);
    for status in [200, 404, 429, 503, 204] {
        let answer = service.clone().oneshot(Request::new(())).await.expect("an answer");
        assert_eq!(answer.status(), status);
    }
    service.oneshot(Request::new(())).await.expect_err("the error as it was");
    assert_eq!(outcomes(&handle), [("success", 2), ("failure", 2), ("refusal", 1), ("throttled", 1)]);
    assert_eq!((handle.active(), server.calls()), (0, 6));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_is_counted_as_such_at_every_await() {
    let (server, service, handle) = counted();
    server.will([Answer::Never]);
    drop(service.clone().oneshot(Request::new(())));
    assert_eq!(outcomes(&handle), [], "nothing was called");
    let mut call = Box::pin(service.oneshot(Request::new(())));
    assert!(poll!(&mut call).is_pending());
    assert_eq!((handle.active(), outcomes(&handle)), (1, vec![]));
    drop(call);
    assert_eq!((handle.active(), outcomes(&handle)), (0, vec![("cancelled", 1)]));
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_is_under_way_until_its_trailers_or_its_end() {
    let layer = CallsLayer::new(Grpc::new());
    let body = || http_body_util::Full::new(bytes::Bytes::from_static(b"x"));
    let service = layer.layer(tower::service_fn(move |_: Request<()>| async move {
        Ok::<_, mesh::BoxError>(http::Response::new(body()))
    }));
    let handle = layer.handle();
    let answer = service.oneshot(Request::new(())).await.expect("an answer");
    assert_eq!((handle.active(), outcomes(&handle)), (1, vec![]));
    drop(answer);
    assert_eq!((handle.active(), outcomes(&handle)), (0, vec![("cancelled", 1)]));
}

#[tokio::test(start_paused = true)]
async fn every_outcome_is_shown_from_the_start() {
    let (telemetry, (_, _, handle)) = (Telemetry::default(), counted());
    let _shown = telemetry.show("orders", "", handle);
    let calls = numbers(&telemetry, "mesh_calls_total");
    assert_eq!(calls.len(), Outcome::ALL.len());
    assert!(calls.iter().all(|(_, count)| *count == 0.0));
    assert_eq!(numbers(&telemetry, "mesh_active_calls"), [("orders ".to_owned(), 0.0)]);
}
