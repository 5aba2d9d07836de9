//! Pods.

use k8s_openapi::apimachinery::pkg::apis::meta::v1;
use kube::core::ObjectMeta;
use rollout::Time;
use serde::Deserialize;

use super::{Kept, Owned, meta::lean, resource};

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct Pod {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// The ports that its containers declare.
    pub ports: Vec<Port>,
    /// Its address, if it has one.
    pub ip: Option<String>,
    /// Since when it is Ready.
    pub ready_since: Option<Time>,
    /// Whether it has ended; its controller has replaced it, and it only stands there to be looked at.
    pub ended: bool,
    /// Its own reason for not being ready, such as `ImagePullBackOff`.
    pub waits: Option<String>,
}

/// A port that a container declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    /// Its name.
    pub name: Option<String>,
    /// Its number.
    pub container_port: u16,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "lean")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    containers: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container {
    ports: Vec<Port>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
    reason: Option<String>,
    conditions: Vec<Condition>,
    init_container_statuses: Vec<ContainerStatus>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    last_transition_time: Option<v1::Time>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: String,
    state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Why>,
    terminated: Option<Why>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Why {
    reason: Option<String>,
}

impl From<Wire> for Pod {
    fn from(wire: Wire) -> Self {
        let status = wire.status;
        let ready = status.conditions.iter().find(|one| one.kind == "Ready" && one.status == "True");
        let since = |one: &Condition| {
            Time::from_millis(one.last_transition_time.as_ref().map_or(0, |time| time.0.as_millisecond()))
        };
        Self {
            ready_since: ready.map(since),
            ended: matches!(status.phase.as_str(), "Succeeded" | "Failed"),
            waits: if ready.is_some() { None } else { status.waits() },
            ip: status.pod_ip,
            ports: wire.spec.containers.into_iter().flat_map(|container| container.ports).collect(),
            metadata: wire.metadata,
        }
    }
}

impl Status {
    /// A container's reason comes first, then the pod's, then that of the first condition that does not hold.
    fn waits(&self) -> Option<String> {
        let containers = self.init_container_statuses.iter().chain(&self.container_statuses);
        let container = containers.filter_map(|status| {
            let why = status.state.waiting.as_ref().or(status.state.terminated.as_ref())?;
            let reason = why.reason.as_deref().filter(|reason| *reason != "Completed")?;
            Some(format!("container {} is in {reason}", status.name))
        });
        let condition = || {
            let unmet = self.conditions.iter().filter(|one| one.status != "True");
            unmet.filter_map(|one| one.reason.clone()).next()
        };
        container.into_iter().next().or_else(|| self.reason.clone()).or_else(condition)
    }
}

resource!(Pod, "", "v1", "pods");

/// Together are those of one ReplicaSet.
impl Kept for Pod {
    fn group(&self) -> Option<&str> {
        self.controller().map(|owner| owner.uid.as_str())
    }
}
