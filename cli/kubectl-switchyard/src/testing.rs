//! What the tests of several modules share: a shop of two workloads, in any state.

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service, discovery::v1::EndpointSlice};
use rollout::{BlueGreen, Status, Time};
use serde_json::{Value, json};

use crate::{
    picture::Objects,
    text::{Line, Look},
};

/// When all of it happens.
pub(crate) const NOW: &str = "2026-11-28T12:00:00.000Z";

pub(crate) fn now() -> Time {
    moment(NOW)
}

fn moment(text: &str) -> Time {
    serde_json::from_value(json!(text)).unwrap()
}

/// The BlueGreen `shop`, generation 7, that wishes for this colour, as an operator has left it.
pub(crate) fn shop(active: &str, status: Value) -> BlueGreen {
    let mut object: BlueGreen = serde_json::from_value(json!({
        "apiVersion": "switchyard.dev/v1alpha1",
        "kind": "BlueGreen",
        "metadata": {"name": "shop", "namespace": "default", "uid": "u1", "generation": 7, "resourceVersion": "70"},
        "spec": {
            "active": active,
            "workloads": [workload("ordering"), workload("billing")],
            "gates": {
                "before": [
                    {"name": "smoke", "http": {"port": "admin", "path": "/readyz"}},
                    {"name": "sign-off", "approval": {}},
                ],
                "after": [{"name": "errors", "prometheus": {"url": "http://prometheus:9090", "query": "up", "max": "1"}}],
            },
        },
    }))
    .unwrap();
    object.status = Some(told(status));
    object
}

fn workload(name: &str) -> Value {
    json!({
        "name": name,
        "blue": {"deployment": format!("{name}-blue")},
        "green": {"deployment": format!("{name}-green")},
        "services": [{"name": name}],
    })
}

fn told(status: Value) -> Status {
    let mut all = json!({"observedGeneration": 7, "since": "2026-11-28T11:59:48.000Z", "reason": "Switched", "message": "All Services select the wished colour."});
    all.as_object_mut().unwrap().extend(status.as_object().cloned().unwrap());
    serde_json::from_value(all).unwrap()
}

/// Nothing is under way, and this colour serves.
pub(crate) fn stable(active: &str) -> BlueGreen {
    shop(active, json!({"phase": "Stable", "active": active}))
}

/// A Deployment of the container `app`, with this image and version.
pub(crate) fn deployment(name: &str, image: &str, version: &str) -> Deployment {
    serde_json::from_value(json!({
        "metadata": {"name": name, "resourceVersion": format!("rv-{name}")},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, "app.kubernetes.io/version": version}},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        },
        "status": {"replicas": 3, "readyReplicas": 3},
    }))
    .unwrap()
}

/// Both sides of both workloads: blue serves 1.4 and 2.1, green stands there with what was before.
pub(crate) fn deployments() -> Vec<Deployment> {
    vec![
        deployment("ordering-blue", "registry.example/shop/ordering:1.4", "1.4"),
        deployment("ordering-green", "registry.example/shop/ordering:1.3", "1.3"),
        deployment("billing-blue", "registry.example/shop/billing:2.1", "2.1"),
        deployment("billing-green", "registry.example/shop/billing:2.0", "2.0"),
    ]
}

/// A Service that selects this colour, or none.
pub(crate) fn service(name: &str, colour: Option<&str>, mark: Option<&str>) -> Service {
    let mut selector = json!({"app": name});
    colour.inspect(|colour| selector["switchyard.dev/color"] = json!(colour));
    let mut annotations = json!({});
    mark.inspect(|mark| annotations["switchyard.dev/switch"] = json!(mark));
    serde_json::from_value(json!({
        "metadata": {"name": name, "resourceVersion": format!("rv-{name}"), "annotations": annotations},
        "spec": {"selector": selector},
    }))
    .unwrap()
}

/// A slice of a Service with so many endpoints, of which the first are ready.
pub(crate) fn slice(service: &str, ready: usize, all: usize) -> EndpointSlice {
    let endpoint = |at: usize| json!({"addresses": [format!("10.0.0.{at}")], "conditions": {"ready": at < ready}, "targetRef": {"kind": "Pod", "name": format!("{service}-{at}")}});
    serde_json::from_value(json!({
        "metadata": {"name": format!("{service}-1"), "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": (0..all).map(endpoint).collect::<Vec<_>>(),
    }))
    .unwrap()
}

/// The objects while both Services select this colour.
pub(crate) fn objects(colour: &str) -> Objects {
    Objects {
        deployments: deployments(),
        services: ["ordering", "billing"].map(|name| service(name, Some(colour), None)).to_vec(),
        slices: ["ordering", "billing"].map(|name| slice(name, 3, 3)).to_vec(),
    }
}

/// Sets how many pods a Deployment wants, has and has ready.
pub(crate) fn size(objects: &mut Objects, name: &str, wanted: i32, there: i32, ready: i32) {
    let found =
        objects.deployments.iter_mut().find(|one| one.metadata.name.as_deref() == Some(name)).unwrap();
    found.spec.as_mut().unwrap().replicas = Some(wanted);
    let status = found.status.as_mut().unwrap();
    (status.replicas, status.ready_replicas) = (Some(there), Some(ready));
}

/// Lines as a file gets them.
pub(crate) fn plain(lines: &[Line]) -> String {
    Look::PLAIN.all(lines)
}

/// Fails unless README shows this text, each line of it indented as code.
#[track_caller]
pub(crate) fn in_readme(text: &str) {
    let readme = include_str!("../README.md");
    assert!(readme.contains(text), "README does not show:\n{text}");
}
