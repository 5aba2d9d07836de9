//! As a registry of the crate `prometheus` sees it.

use ::prometheus::{Registry, TextEncoder};
use mesh::telemetry::PrometheusCollector;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_registry_shows_what_is_so_at_the_moment_of_the_scrape() {
    let (telemetry, registry) = (Telemetry::default(), Registry::new());
    let collector =
        || Box::new(PrometheusCollector::new(telemetry.clone()).expect("families that are taken"));
    registry.register(collector()).expect("the first");
    registry.register(collector()).expect_err("a second one would show everything twice");
    let scrape = || TextEncoder::new().encode_to_string(&registry.gather()).expect("text");
    assert_eq!(scrape(), "");

    let stage = Stage::new("orders", "10.0.0.1:80");
    let shown = telemetry.show("orders", "10.0.0.1:80", stage.observed.clone());
    let second = telemetry.show("customers", "10.0.0.2:80", Stage::new("customers", "10.0.0.2:80").observed);
    stage.trips().await;
    let text = scrape();
    for line in [
        "# TYPE mesh_circuit_breaker_state gauge",
        r#"mesh_circuit_breaker_state{name="orders",state="open",target="10.0.0.1:80"} 1"#,
        r#"mesh_circuit_breaker_state{name="customers",state="closed",target="10.0.0.2:80"} 1"#,
        "# TYPE mesh_circuit_breaker_transitions_total counter",
        r#"mesh_circuit_breaker_transitions_total{name="orders",reason="consecutive_failures",state="open",target="10.0.0.1:80"} 1"#,
        r#"mesh_circuit_breaker_refused_total{name="orders",target="10.0.0.1:80"} 1"#,
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\nis not in\n{text}");
    }
    drop((shown, second));
    assert_eq!(scrape(), "");
}
