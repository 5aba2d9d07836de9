//! What stands between a caller and many endpoints: the balancer, the budget, the rate limit.

use mesh::{
    balance,
    budget::{self, Budget},
    rate_limit::{self, RateLimitLayer},
};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_balancer_shows_its_endpoints_one_by_one_and_who_is_open() {
    let telemetry = Telemetry::default();
    let source = fixed([1, 2].map(|host| Endpoint::new(([10, 0, 0, host], 80).into())));
    let breaker = Policy { consecutive_failures: Some(1), ..Policy::default() };
    let policy = balance::Policy { breaker: Some(breaker), outlier: None, ..balance::Policy::default() };
    let failing = |_: &Endpoint| {
        let server = Server::default();
        server.will([Answer::Status(500)]);
        server
    };
    let builder = balance::Builder::new(policy).seed(1);
    let balancer = builder.build(source.endpoints(), Http::new(), failing).expect("a policy in its ranges");
    let _shown = telemetry.show("orders", "", balancer.handle());
    tokio::time::sleep(SECOND / 100).await;
    assert_eq!(balancer.clone().oneshot(Request::new(())).await.expect("an answer").status(), 500);

    let count = |state: &str| {
        let numbers = numbers(&telemetry, "mesh_balance_endpoints");
        numbers.into_iter().find(|(labels, _)| labels == &format!("orders  {state}")).map(|(_, count)| count)
    };
    let counts = ["total", "used", "eligible", "ejected", "open"].map(count);
    assert_eq!(counts, [2.0, 2.0, 1.0, 0.0, 1.0].map(Some));
    assert_eq!(numbers(&telemetry, "mesh_balance_picks_total")[0].1, 1.0);

    let report = telemetry.report(SystemTime::UNIX_EPOCH);
    let shown = &report.endpoints[0];
    assert_eq!(
        (shown.kind.as_str(), shown.eligible, shown.open, shown.ready),
        ("balance", Some(1), Some(1), None)
    );
    let mut breakers: Vec<_> = shown.endpoints.iter().filter_map(|one| one.breaker.as_deref()).collect();
    breakers.sort_unstable();
    assert_eq!(breakers, ["closed", "open"]);
}

#[test]
fn a_budget_shows_what_is_left_and_what_it_denied() {
    let telemetry = Telemetry::default();
    let policy = budget::Policy { percent: 20, floor: 0, ..budget::Policy::default() };
    let budget = Budget::new(policy).expect("a policy in its ranges");
    let _shown = telemetry.show("orders", "", budget.clone());
    (0..10).for_each(|_| budget.count_first_attempt());
    budget.reserve().expect("one of two").spend();
    let _held = (budget.reserve().expect("two of two"), budget.reserve());
    let report = serde_json::to_value(telemetry.report(SystemTime::UNIX_EPOCH).budgets).expect("JSON");
    assert_eq!(report, json!([{"name": "orders", "target": "", "left": 0, "granted": 2, "denied": 1}]));
    let attempts = numbers(&telemetry, "mesh_budget_attempts_total");
    assert_eq!(attempts, [("orders  granted".to_owned(), 2.0), ("orders  denied".to_owned(), 1.0)]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_shows_whom_it_refused() {
    let telemetry = Telemetry::default();
    let policy = rate_limit::Policy { calls: 1, burst: 1, ..rate_limit::Policy::default() };
    let layer = RateLimitLayer::new(policy).expect("a policy in its ranges");
    let _shown = telemetry.show("orders", "", layer.handle());
    let server = Server::default();
    let service = layer.layer(server.clone());
    service.clone().oneshot(Request::new(())).await.expect("the first");
    service.oneshot(Request::new(())).await.expect_err("the second");
    assert_eq!(server.calls(), 1);
    assert_eq!(numbers(&telemetry, "mesh_rate_limit_refused_total")[0].1, 1.0);
    let limit = &telemetry.report(SystemTime::UNIX_EPOCH).limits[0];
    assert_eq!((limit.kind.as_str(), limit.refused, limit.limit), ("rate_limit", 1, None));
}
