use serde_json::{Value, json};

use super::*;

fn template(value: Value) -> String {
    serde_json::from_value::<Template>(value).expect("a template").hash
}

#[test]
fn a_replica_set_s_template_is_its_deployment_s_but_for_one_label() {
    let own =
        json!({ "metadata": { "labels": { "app": "shop" }, "creationTimestamp": null }, "spec": { "a": 1 } });
    let set =
        json!({ "spec": { "a": 1 }, "metadata": { "labels": { "pod-template-hash": "x", "app": "shop" } } });
    let other = json!({ "spec": { "a": 2 }, "metadata": { "labels": { "app": "shop" } } });
    assert_eq!(template(own.clone()), template(set));
    assert_ne!(template(own), template(other));
}

#[test]
fn the_manager_of_a_selector_is_who_changed_it_last() {
    let entry = |manager: &str, time: &str, spec: Value| json!({ "manager": manager, "time": time, "fieldsV1": { "f:spec": spec } });
    let fields = json!([
        entry("helm", "2026-01-01T00:00:00Z", json!({ "f:selector": {} })),
        entry("kubectl-edit", "2026-01-02T00:00:00Z", json!({ "f:selector": {} })),
        entry("someone-else", "2026-01-03T00:00:00Z", json!({ "f:ports": {} })),
    ]);
    let service: Service =
        serde_json::from_value(json!({ "metadata": { "name": "shop", "managedFields": fields } }))
            .expect("a Service");
    assert_eq!(service.manager, "kubectl-edit");
    assert_eq!(service.unsuitable, Some(Unsuitable::NoSelector));
    assert!(service.metadata.managed_fields.is_none());
}

#[test]
fn a_bluegreen_that_cannot_be_read_is_known_by_name_and_says_why() {
    let object = json!({ "metadata": { "name": "shop" }, "spec": { "active": "purple" } });
    let declared: Declared = serde_json::from_value(object).expect("it is read all the same");
    assert_eq!(declared.name_any(), "shop");
    assert!(declared.content.is_err_and(|why| why.starts_with("spec: ")));
}

#[test]
fn a_pod_says_what_its_container_waits_for() {
    let waiting = json!({ "name": "app", "state": { "waiting": { "reason": "ImagePullBackOff" } } });
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": "a" },
        "status": { "phase": "Pending", "containerStatuses": [waiting], "conditions": [{ "type": "Ready", "status": "False" }] },
    }))
    .expect("a pod");
    assert_eq!(pod.waits.as_deref(), Some("container app is in ImagePullBackOff"));
    assert_eq!(pod.ready_since, None);
}
