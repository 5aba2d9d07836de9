//! All layers in one place: as numbers, as a report, and as events.

mod calls;
mod fleet;
#[cfg(feature = "prometheus")]
mod prometheus;
#[cfg(feature = "tracing")]
mod tracing;

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use http::Request;
use mesh::{
    circuit_breaker::{Backoff, Builder, CircuitBreaker, Mode, Policy},
    classify::Http,
    concurrency::{self, ConcurrencyLayer},
    discovery::{Endpoint, fixed},
    telemetry::{Family, Kind, Observed, Telemetry, Transitions},
};
use serde_json::json;
use tower::{Layer, ServiceExt};

use crate::server::{Answer, Server};

const SECOND: Duration = Duration::from_secs(1);

/// A breaker that opens at the second failure, before a server.
struct Stage {
    server: Server,
    service: CircuitBreaker<Server, Http>,
    observed: Observed,
}

impl Stage {
    fn new(name: &str, target: &str) -> Self {
        let open = Backoff { jitter: 0.0, ..Backoff::default() };
        let policy = Policy { consecutive_failures: Some(2), open, ..Policy::default() };
        let transitions = Transitions::of(name, target);
        let builder = Builder::new(policy).on_transition(transitions.observer());
        let layer = builder.build(Http::new()).expect("a policy in its ranges");
        let server = Server::default();
        Self { service: layer.layer(server.clone()), server, observed: transitions.and(layer.handle()) }
    }

    /// Calls, and whatever comes of it.
    async fn call(&self) {
        let _ = self.service.clone().oneshot(Request::new(())).await;
    }

    /// Two failures, and a call that is refused.
    async fn trips(&self) {
        self.server.will([Answer::Status(500), Answer::Status(500)]);
        for _ in 0..3 {
            self.call().await;
        }
        assert_eq!(self.server.calls(), 2);
    }
}

/// The numbers of a family, each with its labels.
fn numbers(telemetry: &Telemetry, name: &str) -> Vec<(String, f64)> {
    let families = telemetry.families();
    let samples =
        families.into_iter().find(|families| families.family.name == name).map(|found| found.samples);
    let labels = |sample: &mesh::telemetry::Sample| {
        [&*sample.name, &*sample.target]
            .into_iter()
            .chain(sample.labels.iter().copied())
            .collect::<Vec<_>>()
            .join(" ")
    };
    samples.unwrap_or_default().iter().map(|sample| (labels(sample), sample.value)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_breaker_shows_its_state_what_it_has_been_and_what_it_refused() {
    let telemetry = Telemetry::default();
    let stage = Stage::new("orders", "10.0.0.1:80");
    let _shown = telemetry.show("orders", "10.0.0.1:80", stage.observed.clone());
    let transitions = "mesh_circuit_breaker_transitions_total";
    let opened = "orders 10.0.0.1:80 open consecutive_failures".to_owned();
    assert_eq!(
        numbers(&telemetry, transitions),
        [(opened.clone(), 0.0)],
        "so that the first one is an increase"
    );
    stage.trips().await;
    assert_eq!(numbers(&telemetry, transitions), [(opened, 1.0)]);
    assert_eq!(numbers(&telemetry, "mesh_circuit_breaker_refused_total")[0].1, 1.0);
    let states = numbers(&telemetry, "mesh_circuit_breaker_state");
    let (is, are_not): (Vec<_>, Vec<_>) = states.into_iter().partition(|(_, value)| *value == 1.0);
    assert_eq!(is, [("orders 10.0.0.1:80 open".to_owned(), 1.0)]);
    assert_eq!(are_not.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_report_is_what_the_public_contract_says() {
    let telemetry = Telemetry::default();
    let stage = Stage::new("orders", "10.0.0.1:80");
    let source = fixed([Endpoint::new(([10, 0, 0, 1], 80).into())]);
    let _shown = (
        telemetry.show("orders", "10.0.0.1:80", stage.observed.clone()),
        telemetry.show("orders", "dns", source.handle()),
    );
    let now = || SystemTime::UNIX_EPOCH + SECOND * 1_000;
    let well = serde_json::to_value(telemetry.report(now())).expect("JSON");
    assert_eq!(
        well,
        json!({
            "breakers": [{"name": "orders", "target": "10.0.0.1:80", "state": "closed", "since": "1970-01-01T00:16:40.000Z", "refused": 0}],
            "endpoints": [{"name": "orders", "target": "dns", "kind": "discovery", "ready": 1, "leaving": 0, "not_ready": 0}],
            "limits": [],
            "budgets": [],
        })
    );
    stage.trips().await;
    tokio::time::advance(SECOND / 4).await;
    let report = telemetry.report(now());
    let breaker = serde_json::to_value(&report.breakers[0]).expect("JSON");
    assert_eq!(
        breaker,
        json!({
            "name": "orders", "target": "10.0.0.1:80", "state": "open", "since": "1970-01-01T00:16:39.750Z",
            "reason": "consecutive_failures", "next_probe_ms": 750, "refused": 1,
        })
    );
    let read = serde_json::from_value(serde_json::to_value(&report).expect("JSON"));
    assert_eq!(report, read.expect("a report that can be read again"));
}

#[tokio::test(start_paused = true)]
async fn a_limit_shows_what_it_is_and_whom_it_refused() {
    let telemetry = Telemetry::default();
    let policy =
        concurrency::Policy { limit: concurrency::Limit::Fixed(1), ..concurrency::Policy::default() };
    let layer = ConcurrencyLayer::new(policy, Http::new()).expect("a policy in its ranges");
    let _shown = telemetry.show("orders", "", layer.handle());
    let server = Server::default();
    server.will([Answer::Never]);
    let service = layer.layer(server.clone());
    let under_way = tokio::spawn(service.clone().oneshot(Request::new(())));
    tokio::task::yield_now().await;
    assert!(service.oneshot(Request::new(())).await.is_err());
    assert_eq!(server.calls(), 1);
    let report = serde_json::to_value(telemetry.report(SystemTime::UNIX_EPOCH).limits).expect("JSON");
    let limit = json!({
        "name": "orders", "target": "", "kind": "concurrency", "limit": 1, "under_way": 1, "waiting": 0, "refused": 1,
    });
    assert_eq!(report, json!([limit]));
    let refused = numbers(&telemetry, "mesh_concurrency_refused_total");
    let total: f64 = refused.iter().map(|(_, count)| count).sum();
    assert_eq!(total, 1.0, "{refused:?}");
    assert_eq!(refused.len(), 12, "each priority with each reason, from the start");
    under_way.abort();
}

#[tokio::test(start_paused = true)]
async fn the_last_registration_is_shown_and_ends_by_itself_only() {
    let telemetry = Telemetry::default();
    let (old, new) = (Stage::new("orders", ""), Stage::new("orders", ""));
    new.observed.handle().set_mode(Mode::ForcedOpen);
    let states = || {
        let breakers = telemetry.report(SystemTime::UNIX_EPOCH).breakers;
        breakers.into_iter().map(|breaker| breaker.state).collect::<Vec<_>>()
    };
    let first = telemetry.show("orders", "", old.observed.clone());
    assert_eq!(states(), ["closed"]);
    let second = telemetry.show("orders", "", new.observed.clone());
    assert_eq!(states(), ["forced_open"], "two series of the same labels would fail a scrape");
    drop(first);
    assert_eq!(states(), ["forced_open"]);
    drop(second);
    assert_eq!(states(), [""; 0]);
    assert!(telemetry.families().is_empty());
}

#[test]
fn families_are_named_as_prometheus_has_it() {
    let mut names = BTreeSet::new();
    for family in Family::all() {
        let name = family.name;
        assert!(names.insert(name), "`{name}` is there twice");
        assert!(name.starts_with("mesh_"), "`{name}`");
        assert_eq!(name.ends_with("_total"), family.kind == Kind::Counter, "`{name}`");
        assert!(family.help.ends_with('.'), "`{name}`: {}", family.help);
        assert!(!family.labels.iter().any(|label| ["name", "target"].contains(label)), "`{name}`");
        for unit in ["milliseconds", "_ms", "minutes", "percent"] {
            assert!(!name.contains(unit), "`{name}` is not in base units");
        }
    }
}
