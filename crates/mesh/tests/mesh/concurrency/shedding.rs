//! Who is shed first, and what is only observed.

use http::HeaderName;
use mesh::concurrency::{Builder, OfRequest, Prioritize};

use super::*;

#[tokio::test(start_paused = true)]
async fn background_calls_are_shed_first_and_critical_ones_last() {
    let stage = Stage::new(Policy::fixed(4));
    let mut flying = stage.fill(2).await;
    stage.passes(Priority::Background).await;
    flying.extend(stage.fill(1).await);
    assert_eq!(stage.refuses(Priority::Background).await, Why::Shed, "three quarters are under way");
    stage.passes(Priority::Normal).await;
    flying.extend(stage.fill(1).await);
    assert_eq!(stage.refuses(Priority::Background).await, Why::LimitReached);
    assert_eq!(stage.refuses(Priority::Normal).await, Why::LimitReached);
    stage.passes(Priority::Critical).await;
    flying.extend(stage.fill(1).await);
    assert_eq!(stage.refuses(Priority::Critical).await, Why::LimitReached, "there is a bound for all");
    let refused = stage.snapshot().refused;
    assert_eq!(refused.of(Priority::Background, Why::Shed), 1);
    assert_eq!(refused.iter().filter(|(.., count)| *count > 0).count(), 4);
    assert_eq!(refused.total(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_enforced_goes_through_and_is_counted() {
    let queue = Some(Queue::default());
    let stage = Stage::new(Policy { enforce: 0, queue, ..Policy::fixed(1) });
    let _flying = stage.fill(20).await;
    assert_eq!((stage.server.calls(), stage.snapshot().under_way), (20, 20));
    // Critical calls have room for one more.
    assert_eq!(stage.snapshot().would_have_shed, 18);
    assert_eq!((stage.snapshot().waited, stage.snapshot().refused.total()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn it_is_enforced_for_as_many_of_a_hundred_as_the_policy_says() {
    for enforce in [1, 30, 99] {
        let stage = Stage::new(Policy { enforce, ..Policy::fixed(1) });
        let _flying = stage.fill(1).await;
        let mut flying = vec![];
        for _ in 0..200 {
            stage.server.will([Answer::Never]);
            let mut call: Flying = Box::pin(stage.service.clone().oneshot(request(Priority::Normal)));
            if poll!(&mut call).is_pending() {
                flying.push(call);
            }
        }
        assert_eq!(stage.snapshot().refused.total(), 2 * u64::from(enforce));
        assert_eq!(stage.snapshot().would_have_shed, 200 - 2 * u64::from(enforce));
    }
}

#[test]
fn a_priority_is_the_requests_extension_or_a_headers_or_normal() {
    let by_extension = OfRequest::new();
    let name = HeaderName::from_static("x-priority");
    let by_header =
        OfRequest::new().header(name, [("batch", Priority::Background), ("health", Priority::Critical)]);
    let with = |value| Request::builder().header("x-priority", value).body(()).expect("a request");
    assert_eq!(by_extension.priority(&Request::new(())), Priority::Normal);
    assert_eq!(by_extension.priority(&with("batch")), Priority::Normal, "no header was set");
    assert_eq!(by_header.priority(&with("batch")), Priority::Background);
    assert_eq!(by_header.priority(&with("health")), Priority::Critical);
    assert_eq!(by_header.priority(&with("?")), Priority::Normal);
    let mut both = with("health");
    both.extensions_mut().insert(Priority::Background);
    assert_eq!(by_header.priority(&both), Priority::Background, "only this process can have said that");
}

#[tokio::test(start_paused = true)]
async fn a_closure_says_how_important_a_request_is() {
    let by_path = |request: &Request<()>| match request.uri().path() {
        "/healthz" => Priority::Critical,
        _ => Priority::Normal,
    };
    let layer = Builder::new(Policy::fixed(1)).priority(by_path).build(Http::new()).expect("a policy");
    let server = Server::default();
    let service = layer.layer(server.clone());
    let get = |path| service.clone().oneshot(Request::get(path).body(()).expect("a request"));
    server.will([Answer::Never]);
    let mut flying = Box::pin(get("/"));
    assert!(poll!(&mut flying).is_pending());
    assert_eq!(refusal(get("/").await).why(), Why::LimitReached);
    assert_eq!(get("/healthz").await.expect("an answer").status(), 200);
    assert_eq!(server.calls(), 2);
}
