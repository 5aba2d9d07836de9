//! What a configuration file holds.

use http::Method;
use mesh::stack::{AttemptPolicy, ClientPolicy, ServerPolicy, client, server};

use super::{Stage, asking};
use crate::upstream::status;

const FILE: &str = r#"{
    "protocol": "http",
    "exceptions": [{"status": 503, "outcome": "throttled"}],
    "deadline": {"at_most": "2s"},
    "timeout": {"headers": "500ms"},
    "bulkhead": {"header": "x-tenant", "each": {"limit": 8}},
    "concurrency": {"limit": {"fixed": 64}, "queue": {"places": 16, "time": "50ms"}},
    "budget": {"percent": 10},
    "circuit_breaker": {"consecutive_failures": 3, "open": {"first": "250ms"}},
    "routes": [
        {"name": "reads", "matches": {"methods": ["GET"], "path": "/v1"}, "attempts": {"retry": {"attempts": 2}}},
        {"name": "search", "matches": {"path": "/search"}, "deadline": {"at_most": "10s"}, "timeout": {"headers": "2s"}, "bulkhead": {"header": "x-tenant"}, "attempts": {"hedge": {"percentile": 99}}}
    ]
}"#;

#[test]
fn a_file_has_it_all_and_what_it_does_not_say_is_as_by_default() {
    let policy: ClientPolicy = serde_json::from_str(FILE).expect("a policy");
    assert_eq!(policy.validate(), Ok(()));
    assert_eq!(policy.routes[0].name, "reads");
    assert!(matches!(&policy.routes[0].attempts, Some(AttemptPolicy::Retry(retry)) if retry.attempts == 2));
    assert_eq!(policy.attempts, AttemptPolicy::Once);
    let written = serde_json::to_string(&policy).expect("JSON");
    assert_eq!(serde_json::from_str::<ClientPolicy>(&written).expect("a policy"), policy);
    assert_eq!(serde_json::from_str::<ClientPolicy>("{}").expect("a policy"), ClientPolicy::default());
    assert_eq!(serde_json::from_str::<ServerPolicy>("{}").expect("a policy"), ServerPolicy::default());
}

#[test]
fn everything_that_is_wrong_is_told_at_once_by_its_path() {
    let wrong = r#"{
        "exceptions": [{"status": 1000, "outcome": "success"}],
        "deadline": {"at_most": "0s"},
        "circuit_breaker": {"probes": 0},
        "attempts": {"retry": {"budget": {"percent": 5}}},
        "bulkhead": {"each": {"limit": 0}},
        "routes": [
            {"name": "a b", "matches": {"methods": ["get"], "path": "v1"}},
            {"name": "x", "attempts": {"retry": {"attempts": 0, "backoff": {"first": "0s"}}}},
            {"name": "x", "timeout": {"headers": "0s"}, "bulkhead": {"header": "x y", "each": {"keys": 0}}},
            {"name": "default"}
        ]
    }"#;
    let policy: ClientPolicy = serde_json::from_str(wrong).expect("its form is right");
    let error = client(policy).expect_err("its values are not");
    for path in [
        "`exceptions`",
        "`deadline.at_most`",
        "`circuit_breaker.probes`",
        "`attempts.retry.budget`",
        "`bulkhead.header`",
        "`bulkhead.each.limit`",
        "`routes[0].name`",
        "`routes[0].matches.methods`",
        "`routes[0].matches.path`",
        "`routes[1].attempts.retry.attempts`",
        "`routes[1].attempts.retry.backoff.first`",
        "`routes[2].name`",
        "`routes[2].timeout.headers`",
        "`routes[2].bulkhead.header`",
        "`routes[2].bulkhead.each.keys`",
        "`routes[3].name`",
    ] {
        assert!(error.problems().iter().any(|problem| problem.starts_with(path)), "{path}: {error}");
    }
    let wrong = r#"{
        "rate_limit": {"header": "x y", "limit": {"calls": 0}},
        "bulkhead": {"header": "", "each": {"retry_after": "2h"}},
        "concurrency": {"limit": {"fixed": 0}},
        "routes": [{"name": "x", "bulkhead": {"header": "x", "each": {"limit": 0}}}]
    }"#;
    let error =
        server(serde_json::from_str(wrong).expect("its form is right")).expect_err("its values are not");
    for path in [
        "`rate_limit.header`",
        "`rate_limit.limit.calls`",
        "`bulkhead.header`",
        "`bulkhead.each.retry_after`",
        "`concurrency.limit.fixed`",
        "`routes[0].bulkhead.each.limit`",
    ] {
        assert!(error.problems().iter().any(|problem| problem.starts_with(path)), "{path}: {error}");
    }
}

#[test]
fn a_field_that_there_is_not_is_an_error_that_names_it() {
    let error =
        serde_json::from_str::<ClientPolicy>(r#"{"retries": 3}"#).expect_err("there is no such field");
    assert!(error.to_string().contains("`retries`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_first_route_that_fits_is_the_one_of_a_call() {
    let mut stage = Stage::new(serde_json::from_str(FILE).expect("a policy"));
    stage.upstream.will([status(500), status(200), status(500), status(500)]);
    assert_eq!(stage.call(asking(Method::GET, "/v1/orders")).await.expect("tried again"), 200);
    assert_eq!(stage.call(asking(Method::PUT, "/v1/orders")).await.expect("tried once"), 500);
    assert_eq!(stage.call(asking(Method::GET, "/other")).await.expect("tried once"), 500);
    let ended: Vec<_> = stage
        .handle
        .routes()
        .into_iter()
        .map(|route| {
            let calls: u64 =
                mesh::classify::Outcome::ALL.iter().map(|outcome| route.calls.outcomes(*outcome)).sum();
            (route.name.to_string(), calls)
        })
        .collect();
    assert_eq!(ended, [("reads".to_owned(), 1), ("search".to_owned(), 0), ("default".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn all_of_a_stack_is_shown_by_its_name_and_what_is_a_route_s_by_that() {
    let policy = serde_json::from_str(FILE).expect("a policy");
    let layer = mesh::stack::ClientLayer::named(policy, "orders", "10.0.0.1:80").expect("in its ranges");
    let telemetry = mesh::telemetry::Telemetry::default();
    let shown = layer.handle().show(&telemetry);
    let families = telemetry.families();
    let has = |family: &str, name: &str| {
        let of = families.iter().filter(|it| it.family.name.starts_with(family));
        of.flat_map(|it| &it.samples).any(|sample| &*sample.name == name && &*sample.target == "10.0.0.1:80")
    };
    for layer in
        ["mesh_circuit_breaker_", "mesh_budget_", "mesh_bulkhead_", "mesh_concurrency_", "mesh_timeouts_"]
    {
        assert!(has(layer, "orders"), "{layer}: {families:?}");
    }
    for (layer, name) in [
        ("mesh_calls_total", "orders/reads"),
        ("mesh_calls_total", "orders/default"),
        ("mesh_deadline_", "orders/default"),
        ("mesh_retries_total", "orders/reads"),
        ("mesh_hedges_total", "orders/search"),
        ("mesh_timeouts_total", "orders/search"),
        ("mesh_bulkhead_refused_total", "orders/search"),
    ] {
        assert!(has(layer, name), "{layer} of {name}: {families:?}");
    }
    assert!(!has("mesh_retries_total", "orders/search") && !has("mesh_timeouts_total", "orders/reads"));
    assert!(!has("mesh_bulkhead_", "orders/reads"), "it has none of its own");
    drop(shown);
    assert!(telemetry.families().is_empty());
}
