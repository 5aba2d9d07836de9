//! What the API server lets through, and what it refuses with which sentence.

use kube::{CustomResourceExt, core::cel::validate_cel_schema};
use serde_json::{Value, json};

use super::{BlueGreen, BlueGreenSpec, Span};

fn legal() -> Value {
    json!({
        "apiVersion": "switchyard.dev/v1alpha1",
        "kind": "BlueGreen",
        "metadata": {"name": "shop"},
        "spec": {
            "active": "green",
            "workloads": [
                {"name": "ordering", "blue": {"deployment": "ordering-blue"}, "green": {"deployment": "ordering-green"},
                 "services": [{"name": "ordering"}], "preview": {"service": "ordering-preview"}},
                {"name": "billing", "blue": {"deployment": "billing-blue"}, "green": {"deployment": "billing-green", "version": "2"},
                 "services": [{"name": "billing"}, {"name": "billing-admin"}]},
            ],
            "gates": {
                "before": [{"name": "smoke", "http": {"port": "admin", "path": "/readyz"}}, {"name": "sign-off", "approval": {}}],
                "after": [
                    {"name": "errors", "prometheus": {"url": "http://prometheus:9090", "query": "up", "max": "0.01", "for": "60s"}},
                    {"name": "breakers", "breakers": {"port": "admin"}},
                    {"name": "migration", "job": {"fromCronJob": "check-orders"}},
                ],
            },
        },
    })
}

/// What the API server does: the defaults are filled in, then the rules are asked.
pub(super) fn admitted(object: &Value) -> Result<(), String> {
    let object: BlueGreen = serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
    object.validate_cel().map_err(|errors| errors.to_string())
}

fn with(pointer: &str, value: Value) -> Value {
    let mut object = legal();
    *object.pointer_mut(pointer).expect(pointer) = value;
    object
}

#[track_caller]
fn refused(object: &Value, sentence: &str) {
    let refusal = admitted(object).expect_err(sentence);
    assert!(refusal.contains(sentence), "{refusal}");
}

#[test]
fn a_legal_release_is_let_through_with_its_defaults() {
    assert_eq!(admitted(&legal()), Ok(()));
    let spec: BlueGreenSpec = serde_json::from_value(legal()["spec"].clone()).expect("a spec");
    assert_eq!(
        (spec.progress_deadline, spec.drain.min, spec.drain.max),
        (Span::secs(600), Span::secs(5), Span::secs(60))
    );
    assert_eq!(
        (spec.verify.min_ready_percent, spec.idle.replicas, spec.idle.after),
        (100, 0, Span::secs(300))
    );
}

#[test]
fn an_unknown_colour_is_refused() {
    refused(&with("/spec/active", json!("red")), "red");
}

#[test]
fn the_same_deployment_twice_is_refused() {
    for pointer in [
        "/spec/workloads/0/green/deployment",
        "/spec/workloads/1/green/deployment",
        "/spec/workloads/1/blue/deployment",
    ] {
        refused(&with(pointer, json!("ordering-blue")), "a Deployment is one side of one workload");
    }
}

#[test]
fn a_service_of_two_workloads_is_refused() {
    refused(
        &with("/spec/workloads/1/services/1/name", json!("ordering")),
        "a Service belongs to one workload",
    );
}

#[test]
fn a_preview_that_is_switched_too_is_refused() {
    refused(
        &with("/spec/workloads/0/preview/service", json!("billing")),
        "a preview's Service is none that is switched",
    );
}

#[test]
fn a_deadline_of_zero_is_refused() {
    for zero in ["0s", "0h0m"] {
        let mut object = legal();
        object["spec"]["progressDeadline"] = json!(zero);
        refused(&object, "a deadline is longer than nothing");
    }
}

#[test]
fn a_drain_whose_least_is_more_than_its_most_is_refused() {
    let mut object = legal();
    object["spec"]["drain"] = json!({"min": "10s", "max": "9s"});
    refused(&object, "`min` is no longer than `max`");
}

#[test]
fn a_gate_of_two_kinds_or_none_is_refused() {
    let two = json!({"name": "smoke", "approval": {}, "breakers": {"port": "admin"}});
    for gate in [two, json!({"name": "smoke"})] {
        refused(&with("/spec/gates/before/0", gate), "a gate is of exactly one kind");
    }
}

#[test]
fn two_gates_of_one_name_are_refused() {
    refused(&with("/spec/gates/after/0/name", json!("sign-off")), "each gate has a name of its own");
}

#[test]
fn every_list_and_text_of_the_schema_is_bounded() {
    fn unbounded(schema: &Value, at: &str, found: &mut Vec<String>) {
        let bound = |key: &str| schema.get(key).is_some();
        match schema["type"].as_str() {
            Some("array") if !bound("maxItems") => found.push(at.to_owned()),
            Some("string") if !bound("maxLength") && !bound("enum") && !bound("format") => {
                found.push(at.to_owned());
            }
            _ => {}
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            unbounded(field, &format!("{at}.{name}"), found);
        }
        if bound("items") {
            unbounded(&schema["items"], &format!("{at}[]"), found);
        }
    }
    let definition = serde_json::to_value(BlueGreen::crd()).expect("a definition");
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let mut found = vec![];
    unbounded(schema, "", &mut found);
    assert_eq!(found, Vec::<String>::new());
    assert!(validate_cel_schema::<BlueGreenSpec>(&legal()["spec"], None).is_ok());
}
