//! What a server puts before its routes: whatever happens inside, its caller gets an answer.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use mesh::{
    classify::Outcome,
    concurrency, deadline, rate_limit,
    stack::{Matches, RatePolicy, Server, ServerHandle, ServerPolicy, ServerRoute, server},
};
use tower::Layer;

use super::{SECOND, asking};
use crate::upstream::{Upstream, error, never, ready_call, status};

struct Stage {
    inside: Upstream,
    service: Server<Upstream>,
    handle: ServerHandle,
}

impl Stage {
    fn new(policy: ServerPolicy) -> Self {
        let layer = server(policy).expect("a policy in its ranges");
        let inside = Upstream::default();
        Self { service: layer.layer(inside.clone()), handle: layer.handle(), inside }
    }

    async fn call(&mut self, request: Request<BoxBody>) -> u16 {
        let Ok(answer) = ready_call(&mut self.service, request).await;
        answer.status().as_u16()
    }

    /// A status with what the answer says of limits, and when to come again.
    async fn told(&mut self, path: &str) -> (u16, String) {
        let Ok(answer) = ready_call(&mut self.service, boxed(asking(Method::GET, path))).await;
        let field = |name| answer.headers().get(name).map_or("", |value| value.to_str().expect("text"));
        let fields = ["ratelimit-policy", "ratelimit", "retry-after"].map(field);
        (answer.status().as_u16(), fields.join(" "))
    }

    async fn get(&mut self, path: &str) -> u16 {
        self.call(boxed(asking(Method::GET, path))).await
    }
}

pub(super) type BoxBody = http_body_util::combinators::UnsyncBoxBody<Bytes, mesh::BoxError>;

pub(super) fn boxed(request: Request<Full<Bytes>>) -> Request<BoxBody> {
    use http_body_util::BodyExt;
    request.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_is_an_answer_outside() {
    let mut stage = Stage::new(ServerPolicy::default());
    stage.inside.will([status(201), error(|| "the disk is gone".into()), status(404)]);
    assert_eq!(stage.get("/").await, 201);
    assert_eq!(stage.get("/").await, 502);
    assert_eq!(stage.get("/").await, 404);
    let [default] = &stage.handle.routes()[..] else { panic!("one route") };
    let counted =
        [Outcome::Success, Outcome::Failure, Outcome::Refusal].map(|outcome| default.calls.outcomes(outcome));
    assert_eq!(counted, [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_inside_is_504_and_one_that_has_passed_asks_nobody() {
    let deadline = deadline::ServerPolicy { default: SECOND, ..deadline::ServerPolicy::default() };
    let mut stage = Stage::new(ServerPolicy { deadline, ..ServerPolicy::default() });
    stage.inside.will([never()]);
    assert_eq!(stage.get("/").await, 504);
    let mut late = boxed(asking(Method::GET, "/"));
    late.headers_mut().insert("x-request-timeout-ms", "0".parse().expect("a number"));
    assert_eq!((stage.call(late).await, stage.inside.calls()), (503, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_the_rate_is_429_before_it_takes_a_place() {
    let limit = rate_limit::Policy { calls: 1, burst: 1, per: 10 * SECOND, ..rate_limit::Policy::default() };
    let rate_limit = Some(RatePolicy { header: Some("x-client".into()), limit });
    let concurrency = Some(concurrency::Policy::fixed(1));
    let mut stage = Stage::new(ServerPolicy { rate_limit, concurrency, ..ServerPolicy::default() });
    let of = |client: &'static str| {
        let mut request = boxed(asking(Method::GET, "/"));
        request.headers_mut().insert("x-client", client.parse().expect("a name"));
        request
    };
    assert_eq!(stage.call(of("ada")).await, 200);
    assert_eq!(stage.call(of("ada")).await, 429);
    assert_eq!(stage.call(of("bob")).await, 200, "each has a limit of its own");
    assert_eq!(
        (stage.inside.calls(), stage.handle.concurrency().expect("a limit").snapshot().under_way),
        (2, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn each_answer_of_a_route_with_a_rate_says_how_it_stands() {
    let policy = r#"{
        "rate_limit": {"limit": {"calls": 1, "burst": 3, "per": "10s", "name": "all"}},
        "concurrency": {"limit": {"fixed": 1}},
        "routes": [{"name": "search", "matches": {"path": "/search"},
            "rate_limit": {"limit": {"calls": 1, "burst": 1, "per": "10s", "name": "search"}}}]
    }"#;
    let mut stage = Stage::new(serde_json::from_str(policy).expect("a policy"));
    let all = |told: &str| format!(r#""all";q=3;w=30 "all";{told}"#);
    let search = |told: &str| format!(r#""search";q=1;w=10 "search";{told}"#);
    assert_eq!(stage.told("/").await, (200, all("r=2;t=10 ")));
    assert_eq!(stage.told("/search").await, (200, search("r=0;t=10 ")));
    assert_eq!(stage.told("/search").await, (429, search("r=0;t=10 10")));

    stage.inside.will([never()]);
    let other = stage.service.clone();
    let stuck = tokio::spawn(tower::ServiceExt::oneshot(other, boxed(asking(Method::GET, "/"))));
    while stage.inside.calls() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.told("/").await, (503, all("r=0;t=30 1")), "it took one of three and there was no room");
    assert_eq!(stage.told("/").await, (429, all("r=0;t=10 10")));
    stuck.abort();
}

#[tokio::test(start_paused = true)]
async fn a_route_may_have_a_limit_of_its_own_which_the_others_cannot_use_up() {
    let route = ServerRoute {
        name: "health".into(),
        matches: Matches { path: "/health".into(), ..Matches::default() },
        concurrency: Some(concurrency::Policy::fixed(2)),
        ..ServerRoute::default()
    };
    let concurrency = Some(concurrency::Policy::fixed(1));
    let mut stage = Stage::new(ServerPolicy { concurrency, routes: vec![route], ..ServerPolicy::default() });
    stage.inside.will([never()]);
    let other = stage.service.clone();
    let stuck = tokio::spawn(tower::ServiceExt::oneshot(other, boxed(asking(Method::GET, "/"))));
    while stage.inside.calls() < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!((stage.get("/").await, stage.get("/health").await), (503, 200));
    stuck.abort();
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(stage.get("/").await, 200, "who leaves gives the place back");
}

#[tokio::test(start_paused = true)]
async fn a_route_may_have_a_rate_of_its_own_which_outlives_another_policy() {
    let once = |name: &str| {
        let limit =
            rate_limit::Policy { calls: 1, burst: 1, name: name.into(), ..rate_limit::Policy::default() };
        Some(RatePolicy { limit, ..RatePolicy::default() })
    };
    let route = ServerRoute {
        name: "search".into(),
        matches: Matches { path: "/search".into(), ..Matches::default() },
        rate_limit: once("search"),
        ..ServerRoute::default()
    };
    let policy = ServerPolicy { rate_limit: once("all"), routes: vec![route], ..ServerPolicy::default() };
    let mut stage = Stage::new(policy.clone());
    assert_eq!((stage.get("/search").await, stage.get("/search").await), (200, 429));
    assert_eq!((stage.get("/").await, stage.get("/").await), (200, 429), "the others have theirs");
    let deadline = deadline::ServerPolicy { default: SECOND, ..policy.deadline.clone() };
    stage.handle.reload(ServerPolicy { deadline, ..policy }).expect("a policy in its ranges");
    assert_eq!((stage.get("/search").await, stage.get("/").await), (429, 429));
}

#[tokio::test(start_paused = true)]
async fn what_the_policy_has_is_shown_and_nothing_else() {
    let telemetry = mesh::telemetry::Telemetry::default();
    let layers = |text: &str| {
        let policy: ServerPolicy = serde_json::from_str(text).expect("a policy");
        server(policy).expect("in its ranges")
    };
    let has = |family: &str| telemetry.families().iter().any(|it| it.family.name.starts_with(family));
    let plain = layers("{}").handle().show(&telemetry, "requests", "");
    for family in ["mesh_calls_total", "mesh_error_answers_total", "mesh_deadline_exceeded_total"] {
        assert!(has(family), "{family}: {:?}", telemetry.families());
    }
    for family in ["mesh_concurrency_", "mesh_rate_limit_", "mesh_bulkhead_"] {
        assert!(!has(family), "{family}: {:?}", telemetry.families());
    }
    drop(plain);
    let limited = layers(
        r#"{"concurrency": {"limit": {"fixed": 7}}, "rate_limit": {"limit": {"calls": 9}}, "bulkhead": {"header": "x"}}"#,
    );
    let _shown = limited.handle().show(&telemetry, "requests", "");
    for family in ["mesh_concurrency_", "mesh_rate_limit_", "mesh_bulkhead_"] {
        assert!(has(family), "{family}: {:?}", telemetry.families());
    }
    let limits = telemetry.report(std::time::UNIX_EPOCH).limits;
    assert!(limits.iter().any(|it| it.kind == "concurrency" && it.limit == Some(7)), "{limits:?}");
}
