use std::collections::BTreeSet;

use gateway::{openapi::merged, routes::ROUTES};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use crate::rig::{Owners, Rig, json};

fn part(paths: Value) -> OpenApi {
    serde_json::from_value(
        json!({"openapi": "3.1.0", "info": {"title": "part", "version": "0"}, "paths": paths}),
    )
    .unwrap()
}

fn operation(tag: &str) -> Value {
    json!({"tags": [tag], "operationId": "list", "responses": {
        "422": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
    }})
}

/// What two services say of themselves.
fn document() -> Value {
    let orders = part(json!({
        "/v1/orders": {"get": operation("orders"), "post": operation("orders")},
        "/v1/orders/{id}/place": {"post": {"tags": ["orders"], "operationId": "place", "responses": {}, "parameters": [
            {"name": "idempotency-key", "in": "header", "required": false, "schema": {"type": "string"}},
        ]}},
    }));
    let shipments = part(json!({
        "/v1/shipments": {"get": operation("shipments"), "delete": operation("shipments")},
        "/internal/shipments/{id}": {"put": operation("shipments")},
    }));
    serde_json::to_value(merged([orders, shipments])).unwrap()
}

#[test]
fn the_parts_are_one_document_in_which_every_operation_has_a_name_of_its_own() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/v1/orders"]["get"]["operationId"], "orders.list");
    assert_eq!(document["paths"]["/v1/shipments"]["get"]["operationId"], "shipments.list");
}

#[test]
fn merging_again_changes_nothing() {
    let once: OpenApi = serde_json::from_value(document()).unwrap();
    assert_eq!(serde_json::to_value(merged([once])).unwrap(), document());
}

#[test]
fn what_clients_cannot_reach_is_not_in_it() {
    let document = document();
    assert!(document["paths"].get("/internal/shipments/{id}").is_none());
    assert!(document["paths"]["/v1/shipments"].get("delete").is_none());
}

#[test]
fn every_post_takes_a_key_and_every_call_may_end_in_a_problem() {
    let document = document();
    for path in ["/v1/orders", "/v1/orders/{id}/place"] {
        let post = &document["paths"][path]["post"];
        let names: Vec<_> = post["parameters"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        assert_eq!(names, ["Idempotency-Key"], "once, and written as it is known");
        let problem = &post["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem");
    }
    let refused = &document["paths"]["/v1/orders"]["get"]["responses"]["422"];
    assert_eq!(refused["description"], "Unprocessable Entity");
    assert!(refused["content"]["application/problem+json"].is_object(), "{refused}");
    assert!(document["components"]["schemas"]["Problem"].is_object());
}

#[tokio::test(start_paused = true)]
async fn it_is_served_with_the_addresses_of_every_style_and_under_each() {
    let document = merged([part(json!({"/v1/orders": {"get": operation("orders")}}))]);
    let styles = [("rest", Owners::mirrors("rest")), ("messaging", Owners::mirrors("messaging"))];
    let rig = Rig::describing(document, styles);
    let urls = |document: &Value| -> Vec<String> {
        let servers = document["servers"].as_array().unwrap();
        servers.iter().map(|server| server["url"].as_str().unwrap().to_owned()).collect()
    };
    let answer = rig.get("/openapi.json").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(urls(&json(&answer)), ["/", "/messaging", "/rest"]);
    let servers = &json(&answer)["servers"];
    assert_eq!(
        servers[0]["description"], servers[2]["description"],
        "by which the default style is recognised"
    );
    assert_eq!(urls(&json(&rig.get("/messaging/openapi.json").await)), ["/messaging"]);
}

#[test]
fn the_committed_document_has_every_call_that_somebody_answers() {
    let document = serde_json::to_value(gateway::openapi::committed().unwrap()).unwrap();
    let served: BTreeSet<_> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods =
            ["get", "post", "put", "patch", "delete"].into_iter().filter(|method| item.get(method).is_some());
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    assert_eq!(described, served);
}

#[test]
fn every_reference_of_the_committed_document_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(gateway::openapi::committed().unwrap()).unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
