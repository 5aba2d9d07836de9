//! An answer without what differs from server to server and from day to day: its code, its reason, its kind, and what an operator reads of the object.

use serde_json::{Map, Value, json};

/// What is read of an object, by its path, and by its kind where that is said; of a list of each item, and below `**` everything.
const READ: &[&str] = &[
    "kind",
    "apiVersion",
    "items",
    "data.**",
    "metadata.name",
    "metadata.namespace",
    "metadata.generation",
    "metadata.labels.**",
    "metadata.annotations.**",
    "metadata.finalizers",
    "metadata.deletionGracePeriodSeconds",
    "metadata.ownerReferences.kind",
    "metadata.ownerReferences.name",
    "metadata.ownerReferences.controller",
    "metadata.remainingItemCount",
    // Statuses.
    "status",
    "reason",
    "code",
    "details.name",
    "details.kind",
    "details.group",
    "details.retryAfterSeconds",
    "details.causes.reason",
    "details.causes.field",
    // Deployments and ReplicaSets.
    "spec.replicas",
    "spec.minReadySeconds",
    "Deployment spec.selector.**",
    "ReplicaSet spec.selector.**",
    "Service spec.selector.**",
    "spec.strategy.**",
    "Deployment spec.template.metadata.labels.**",
    "status.observedGeneration",
    "status.replicas",
    "status.updatedReplicas",
    "status.readyReplicas",
    "status.availableReplicas",
    // Pods, and of Deployments their template.
    "spec.template.spec.containers.name",
    "spec.template.spec.containers.image",
    "spec.template.spec.containers.env.**",
    "spec.template.spec.containers.ports.**",
    "spec.containers.name",
    "spec.containers.image",
    "spec.containers.ports.**",
    "spec.nodeName",
    "spec.terminationGracePeriodSeconds",
    "status.phase",
    "status.podIP",
    "Pod status.conditions.type",
    "Pod status.conditions.status",
    // Services and EndpointSlices.
    "spec.type",
    "spec.externalName",
    "spec.publishNotReadyAddresses",
    "spec.ports.**",
    "addressType",
    "ports.**",
    "endpoints.addresses",
    "endpoints.conditions.**",
    "endpoints.targetRef.kind",
    "endpoints.targetRef.name",
    // Autoscalers.
    "spec.minReplicas",
    "spec.maxReplicas",
    "spec.scaleTargetRef.**",
    // Leases.
    "spec.holderIdentity",
    "spec.leaseDurationSeconds",
    "spec.leaseTransitions",
    "spec.renewTime",
    // Jobs and CronJobs.
    "spec.suspend",
    "spec.schedule",
    "spec.backoffLimit",
    "spec.activeDeadlineSeconds",
    "spec.jobTemplate.metadata.labels.**",
    // Events.
    "note",
    "regarding.kind",
    "regarding.name",
    "reportingController",
    "action",
    "Event type",
    // BlueGreens.
    "spec.active",
    "spec.workloads.name",
    "status.active",
    "status.message",
    "status.release",
];

/// What controllers write for themselves.
const OF_CONTROLLERS: &[&str] =
    &["deployment.kubernetes.io/", "endpoints.kubernetes.io/", "controller-uid", "job-name"];

/// The lines of an answer: one for each event of a watch.
pub(super) fn answer(code: u16, body: &str) -> Vec<String> {
    let lines: Vec<_> = body.lines().map(line).collect();
    let mut told: Vec<String> = vec![];
    for line in lines {
        // How many bookmarks there are depends on how long it took.
        if !(line.starts_with("BOOKMARK") && told.last() == Some(&line)) {
            told.push(line);
        }
    }
    match told.first_mut() {
        Some(first) => *first = format!("{code} {first}"),
        None => told.push(code.to_string()),
    }
    told
}

fn line(text: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    match (value["type"].as_str(), value.get("object")) {
        (Some(kind), Some(object)) => format!("{kind} {}", object_of(object)),
        _ => object_of(&value).to_string(),
    }
}

fn object_of(object: &Value) -> Value {
    let kind = object["kind"].as_str().unwrap_or_default();
    let Some(items) = object["items"].as_array() else { return told(object, kind) };
    let of = kind.trim_end_matches("List");
    let mut list = read(object, kind, "");
    list["items"] = items.iter().map(|item| told(item, of)).collect();
    // Whether there is more is enough; the token is the server's own.
    list["metadata"]["continue"] =
        object["metadata"]["continue"].as_str().is_some_and(|token| !token.is_empty()).into();
    list
}

fn told(object: &Value, kind: &str) -> Value {
    let mut told = read(object, kind, "");
    if object["metadata"]["name"].is_string() {
        metadata(&object["metadata"], &mut told["metadata"]);
    }
    if let Some(causes) = told.pointer_mut("/details/causes").and_then(Value::as_array_mut) {
        causes.dedup();
    }
    // The controller's own hash of a template.
    match object.pointer("/metadata/labels/pod-template-hash").and_then(Value::as_str) {
        Some(hash) => serde_json::from_str(&told.to_string().replace(hash, "…")).unwrap(),
        None => told,
    }
}

/// What is not the same each time is told by what it is.
fn metadata(of: &Value, read: &mut Value) {
    if let Some(prefix) = of["generateName"].as_str() {
        read["name"] = format!("{prefix}…").into();
    }
    if !of["deletionTimestamp"].is_null() {
        read["deletionTimestamp"] = "…".into();
    }
    for field in ["labels", "annotations"] {
        if let Some(pairs) = read.get_mut(field).and_then(Value::as_object_mut) {
            pairs.retain(|key, _| !OF_CONTROLLERS.iter().any(|one| key.contains(one)));
        }
    }
    let entries = of["managedFields"].as_array().into_iter().flatten();
    // The controllers write when they like.
    let entries = entries.filter(|entry| entry["manager"] != "kube-controller-manager");
    let mut managers: Vec<_> = entries.map(manager).collect();
    managers.sort();
    read["managers"] = managers.into();
    if let Some(fields) = read.as_object_mut() {
        fields.retain(|_, value| !is_empty(value));
    }
}

/// Who has written, how, and whether the selector.
fn manager(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or_default();
    let selector = entry.pointer("/fieldsV1/f:spec/f:selector").is_some();
    let all =
        [text("manager"), text("operation"), text("subresource"), if selector { "selector" } else { "" }];
    all.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What is read of an object of this kind, and nothing that is empty.
fn read(value: &Value, kind: &str, path: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let below = fields.iter().map(|(key, value)| (key.clone(), read(value, kind, &under(path, key))));
            below.filter(|(_, value)| !is_empty(value)).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => {
            items.iter().map(|item| read(item, kind, path)).filter(|item| !is_empty(item)).collect()
        }
        leaf if is_read(kind, path) => leaf.clone(),
        _ => json!({}),
    }
}

fn under(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn is_read(kind: &str, path: &str) -> bool {
    READ.iter().any(|read| {
        let (of, read) = read.split_once(' ').unwrap_or((kind, read));
        let is = read.strip_suffix("**").map_or(read == path, |above| path.starts_with(above));
        of == kind && is
    })
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}
