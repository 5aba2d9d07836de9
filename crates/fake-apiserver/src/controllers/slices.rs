//! The endpoints of a Service: the pods that it selects, in slices of at most a hundred with the same ports.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Edit, is_deleted, is_ready, owned, owner};
use crate::{Resource, View};

const MOST: usize = 100;

pub(super) fn work(view: &View<'_>, service: &Value) -> Vec<Edit> {
    let Some(selector) = service["spec"]["selector"].as_object().filter(|selector| !selector.is_empty())
    else {
        return vec![];
    };
    let namespace = &service["metadata"]["namespace"];
    let selected = view.all(&Resource::PODS).filter(|pod| {
        let labels = &pod["metadata"]["labels"];
        pod["metadata"]["namespace"] == *namespace
            && selector.iter().all(|(key, value)| labels[key] == *value)
    });
    let mut endpoints: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for pod in selected.filter(|pod| pod["status"]["podIP"].is_string()) {
        endpoints.entry(ports(service, pod).to_string()).or_default().push(endpoint(pod));
    }
    let wanted = endpoints.iter().flat_map(|(ports, endpoints)| {
        let ports: Value = serde_json::from_str(ports).unwrap_or_default();
        endpoints.chunks(MOST).map(move |chunk| (ports.clone(), chunk.to_vec()))
    });
    edits(view, service, wanted.collect())
}

/// What there is takes on what is wanted; too few are made, too many deleted. A Service without pods keeps one that is empty.
fn edits(view: &View<'_>, service: &Value, mut wanted: Vec<(Value, Vec<Value>)>) -> Vec<Edit> {
    if wanted.is_empty() {
        wanted.push((json!([]), vec![]));
    }
    let slices = owned(view, &Resource::ENDPOINT_SLICES, service);
    let mut edits = vec![];
    for (index, (ports, endpoints)) in wanted.iter().enumerate() {
        match slices.get(index) {
            None => edits.push(Edit::Create(slice(service, ports, endpoints))),
            Some(slice) if slice["ports"] != *ports || slice["endpoints"].as_array() != Some(endpoints) => {
                let mut new = (*slice).clone();
                new["ports"] = ports.clone();
                new["endpoints"] = endpoints.clone().into();
                edits.push(Edit::Main(Resource::ENDPOINT_SLICES, new));
            }
            Some(_) => {}
        }
    }
    let surplus = slices.iter().skip(wanted.len());
    edits.extend(surplus.map(|slice| Edit::Delete(Resource::ENDPOINT_SLICES, (*slice).clone())));
    edits
}

fn slice(service: &Value, ports: &Value, endpoints: &[Value]) -> Value {
    let name = service["metadata"]["name"].as_str().unwrap_or_default();
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{name}-"),
            "namespace": service["metadata"]["namespace"],
            "labels": {
                "kubernetes.io/service-name": name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": owner(service),
        },
        "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
    })
}

fn endpoint(pod: &Value) -> Value {
    let (metadata, ready, deleted) = (&pod["metadata"], is_ready(pod), is_deleted(pod));
    json!({
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready && !deleted, "serving": ready, "terminating": deleted},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]},
    })
}

/// The Service's ports as this pod has them; one that it does not name is left out.
fn ports(service: &Value, pod: &Value) -> Value {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten().filter_map(|port| {
        let number = match &port["targetPort"] {
            Value::String(name) => declared(pod, name)?,
            Value::Null => port["port"].clone(),
            number => number.clone(),
        };
        let name = port["name"].as_str().unwrap_or_default();
        Some(json!({"name": name, "port": number, "protocol": port["protocol"]}))
    });
    ports.collect::<Vec<_>>().into()
}

fn declared(pod: &Value, name: &str) -> Option<Value> {
    let containers = pod["spec"]["containers"].as_array()?;
    let mut ports = containers.iter().filter_map(|container| container["ports"].as_array()).flatten();
    ports.find(|port| port["name"] == name).map(|port| port["containerPort"].clone())
}
