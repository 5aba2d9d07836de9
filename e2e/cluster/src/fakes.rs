//! Pods without a kubelet: real controllers make and delete them, on a node that does not exist, and they are ready because it is said so.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::BoxStream};
use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{Node, Pod},
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Failure, Stage, cluster::LABEL};

/// A node on which nothing runs.
pub struct Fakes {
    client: Client,
    name: String,
    _tasks: JoinSet<()>,
}

impl Fakes {
    /// Makes the node for one namespace, and says that each pod on it is ready as soon as it is made.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn begin(stage: &Stage) -> Result<Self, Failure> {
        let (client, name) = (stage.cluster().client(), node_of(stage.namespace()));
        Api::<Node>::all(client.clone())
            .create(&PostParams::default(), &serde_json::from_value(node(&name))?)
            .await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(stays_alive(client.clone(), name.clone()));
        let on_it = watcher::Config::default().fields(&format!("spec.nodeName={name}"));
        let pods = watcher(stage.api::<Pod>(), on_it).default_backoff().applied_objects();
        tasks.spawn(get_ready(stage.api(), pods.filter_map(async |pod| pod.ok()).boxed()));
        Ok(Self { client, name, _tasks: tasks })
    }

    /// Takes the node away.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn end(self) -> Result<(), Failure> {
        Api::<Node>::all(self.client.clone()).delete(&self.name, &DeleteParams::default()).await?;
        Ok(())
    }
}

/// The node of a namespace's fakes.
pub(crate) fn node_of(namespace: &str) -> String {
    format!("fakes-{namespace}")
}

fn node(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {LABEL: "true"}},
        "spec": {"taints": [{"key": LABEL, "effect": "NoSchedule"}]},
        "status": {
            "capacity": {"cpu": "1000", "memory": "1Ti", "pods": "10000"},
            "allocatable": {"cpu": "1000", "memory": "1Ti", "pods": "10000"},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Said", "message": "nobody is there"}],
        },
    })
}

/// Renews what a kubelet would; without it the pods would be called unready after 40 s.
async fn stays_alive(client: Client, name: String) {
    let leases: Api<Lease> = Api::namespaced(client, "kube-node-lease");
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        let now = k8s_openapi::jiff::Timestamp::now();
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": format!("{now:.6}")},
        });
        // A renewal that fails is followed by the next.
        let _ = leases.patch(&name, &PatchParams::apply("e2e").force(), &Patch::Apply(lease)).await;
    }
}

async fn get_ready(api: Api<Pod>, mut pods: BoxStream<'static, Pod>) {
    let next = Arc::new(AtomicU32::new(1));
    let mut said = BTreeSet::new();
    while let Some(pod) = pods.next().await {
        let name = pod.name_any();
        if pod.metadata.deletion_timestamp.is_none() && said.insert(name.clone()) {
            let (api, next) = (api.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let status = json!({"status": ready(&pod, next.fetch_add(1, Ordering::Relaxed))});
                // A pod that is gone meanwhile needs no status.
                let _ = api.patch_status(&name, &PatchParams::default(), &Patch::Strategic(status)).await;
            });
        }
    }
}

/// Out of 100.64.0.0/10 (RFC 6598), where nobody answers.
fn ready(pod: &Pod, number: u32) -> Value {
    let address = std::net::Ipv4Addr::from(0x6440_0000 + number % 0x0040_0000);
    let now = k8s_openapi::jiff::Timestamp::now();
    let now = format!("{now:.0}");
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now});
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers).map(|container| {
        json!({"name": container.name, "ready": true, "restartCount": 0, "image": "", "imageID": "", "state": {"running": {"startedAt": now}}})
    });
    let conditions = ["Initialized", "PodScheduled", "ContainersReady", "Ready"].map(condition);
    json!({
        "phase": "Running",
        "podIP": address.to_string(),
        "podIPs": [{"ip": address.to_string()}],
        "startTime": now,
        "conditions": conditions,
        "containerStatuses": containers.collect::<Vec<_>>(),
    })
}
