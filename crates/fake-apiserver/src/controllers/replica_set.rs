//! A ReplicaSet makes and deletes its pods.

use serde_json::{Value, json};

use super::{Edit, is_deleted, is_ready, owned, owner, with_status};
use crate::{Resource, View};

pub(super) fn work(view: &View<'_>, set: &Value) -> Vec<Edit> {
    if is_deleted(set) {
        return vec![];
    }
    let mut pods = owned(view, &Resource::PODS, set);
    pods.retain(|pod| !is_deleted(pod));
    let wished = usize::try_from(set["spec"]["replicas"].as_u64().unwrap_or(1)).unwrap_or_default();
    let mut edits = vec![];
    if pods.len() < wished {
        edits.extend((pods.len()..wished).map(|_| Edit::Create(pod(set))));
    } else {
        // Those that are not Ready go first.
        pods.sort_by_key(|pod| is_ready(pod));
        let surplus = pods.len() - wished;
        edits.extend(pods.drain(..surplus).map(|pod| Edit::Delete(Resource::PODS, pod.clone())));
    }
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let status = json!({
        "replicas": pods.len(), "readyReplicas": ready, "availableReplicas": ready,
        "observedGeneration": set["metadata"]["generation"],
    });
    edits.extend(with_status(&Resource::REPLICA_SETS, set, status));
    edits
}

fn pod(set: &Value) -> Value {
    let (metadata, template) = (&set["metadata"], &set["spec"]["template"]);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", metadata["name"].as_str().unwrap_or_default()),
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": owner(set),
        },
        "spec": template["spec"],
    })
}
