//! A Deployment makes and sizes its ReplicaSets.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::{Edit, counted, is_deleted, owned, owner, with_status};
use crate::{Resource, View};

pub(super) fn work(view: &View<'_>, deployment: &Value) -> Vec<Edit> {
    if is_deleted(deployment) {
        return vec![];
    }
    let sets = owned(view, &Resource::REPLICA_SETS, deployment);
    let hash = hash(&deployment["spec"]["template"]);
    let Some(current) = sets.iter().copied().find(|set| is_of(set, &hash)) else {
        return vec![Edit::Create(replica_set(deployment, &hash))];
    };
    let old: Vec<_> = sets.iter().copied().filter(|set| !is_of(set, &hash)).collect();
    let mut edits: Vec<_> =
        sizes(deployment, current, &old).into_iter().filter_map(|(set, size)| resized(set, size)).collect();
    edits.extend(with_status(&Resource::DEPLOYMENTS, deployment, status(deployment, current, &sets)));
    edits
}

fn is_of(set: &Value, hash: &str) -> bool {
    set["metadata"]["labels"]["pod-template-hash"] == hash
}

/// A hash that is the same in each run.
fn hash(template: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    template.to_string().hash(&mut hasher);
    format!("{:010x}", hasher.finish() & 0xff_ffff_ffff)
}

fn replica_set(deployment: &Value, hash: &str) -> Value {
    let (metadata, spec) = (&deployment["metadata"], &deployment["spec"]);
    let mut template = spec["template"].clone();
    template["metadata"]["labels"]["pod-template-hash"] = hash.into();
    let mut selector = spec["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = hash.into();
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", metadata["name"].as_str().unwrap_or_default()),
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": metadata["annotations"],
            "ownerReferences": owner(deployment),
        },
        "spec": {"replicas": 0, "selector": selector, "template": template, "minReadySeconds": spec["minReadySeconds"]},
    })
}

/// How large each may be: in all no more than `maxSurge` allows, and no pod that is available goes below what `maxUnavailable` demands.
fn sizes<'v>(deployment: &Value, current: &'v Value, old: &[&'v Value]) -> Vec<(&'v Value, i64)> {
    let spec = &deployment["spec"];
    let wished = spec["replicas"].as_i64().unwrap_or(1);
    let rolling = &spec["strategy"]["rollingUpdate"];
    let recreate = spec["strategy"]["type"] == "Recreate";
    let surge = share(&rolling["maxSurge"], wished, true);
    let mut unavailable = share(&rolling["maxUnavailable"], wished, false);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let least = if recreate { 0 } else { wished - unavailable };
    let mut available = ready(current) + old.iter().map(|set| ready(set)).sum::<i64>();
    let mut sizes = vec![];
    let mut others = 0;
    for set in old {
        let size = size(set);
        // Pods that serve nobody go first, and of the others as many as can be spared.
        let spared = size - ready(set) + (available - least).max(0);
        let left = (size - spared).max(0);
        available -= (ready(set) - left).max(0);
        others += if recreate { number(set, "replicas") } else { left };
        sizes.push((*set, left));
    }
    let room = if recreate && others > 0 { 0 } else { (wished + surge - others).max(0) };
    let size = if old.is_empty() { wished } else { wished.min(room.max(size(current))) };
    sizes.push((current, size));
    sizes
}

fn share(value: &Value, of: i64, up: bool) -> i64 {
    let percent = |text: &str| text.trim_end_matches('%').parse::<i64>().unwrap_or(25) * of;
    match value {
        Value::Number(number) => number.as_i64().unwrap_or_default(),
        Value::String(text) if up => (percent(text) + 99) / 100,
        Value::String(text) => percent(text) / 100,
        _ => share(&"25%".into(), of, up),
    }
}

fn size(set: &Value) -> i64 {
    set["spec"]["replicas"].as_i64().unwrap_or(1)
}

/// Of those that it was told to have.
fn ready(set: &Value) -> i64 {
    number(set, "readyReplicas").min(size(set))
}

fn number(set: &Value, field: &str) -> i64 {
    set["status"][field].as_i64().unwrap_or_default()
}

fn resized(set: &Value, size: i64) -> Option<Edit> {
    (set["spec"]["replicas"] != size).then(|| {
        let mut new = set.clone();
        new["spec"]["replicas"] = size.into();
        Edit::Main(Resource::REPLICA_SETS, new)
    })
}

fn status(deployment: &Value, current: &Value, sets: &[&Value]) -> Value {
    let sum = |field| sets.iter().map(|set| number(set, field)).sum::<i64>();
    counted(json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": sum("replicas"),
        "updatedReplicas": number(current, "replicas"),
        "readyReplicas": sum("readyReplicas"),
        "availableReplicas": sum("availableReplicas"),
    }))
}
