//! A pod is started, is Ready or not, and is removed when it was deleted.

use serde_json::{Value, json};

use super::{Edit, is_deleted, is_ready};
use crate::{Resource, View};

const NODE: &str = "node-1";

pub(super) fn work(view: &View<'_>, pod: &Value, may_be_ready: bool) -> Vec<Edit> {
    if is_deleted(pod) {
        return vec![Edit::Remove(Resource::PODS, pod.clone())];
    }
    if pod["spec"]["nodeName"].is_null() {
        // Whoever names another scheduler waits for that one.
        if pod["spec"]["schedulerName"].as_str().is_some_and(|name| name != "default-scheduler") {
            return vec![];
        }
        let mut new = pod.clone();
        new["spec"]["nodeName"] = NODE.into();
        return vec![Edit::Main(Resource::PODS, new)];
    }
    if pod["status"]["phase"] == "Running" && is_ready(pod) == may_be_ready {
        return vec![];
    }
    let mut new = pod.clone();
    new["status"] = status(view, pod, may_be_ready);
    vec![Edit::Status(Resource::PODS, new)]
}

fn status(view: &View<'_>, pod: &Value, ready: bool) -> Value {
    let now = view.0.clock.stamp();
    let ip = pod["status"]["podIP"].as_str().map_or_else(|| address(pod), str::to_owned);
    let ready = if ready { "True" } else { "False" };
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": now});
    json!({
        "phase": "Running",
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "conditions": [condition("PodScheduled", "True"), condition("ContainersReady", ready), condition("Ready", ready)],
    })
}

/// An address out of those for benchmarks (RFC 2544), from the number that only this pod has.
fn address(pod: &Value) -> String {
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    let number = u32::from_str_radix(uid.rsplit('-').next().unwrap_or_default(), 16).unwrap_or_default();
    format!("198.18.{}.{}", number / 250 % 250, number % 250 + 1)
}
