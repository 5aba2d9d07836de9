//! Services.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::{apis::meta::v1::Time, util::intstr::IntOrString};
use kube::core::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use super::{Kept, meta, resource};

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct Service {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Which pods it selects; of none if it is empty.
    pub selector: BTreeMap<String, String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Why it cannot be switched.
    pub unsuitable: Option<Unsuitable>,
    /// The field manager that changed the selector last.
    pub manager: String,
}

/// Why a Service cannot be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsuitable {
    /// It leads to a name outside of the cluster.
    #[error("it is of the type ExternalName")]
    ExternalName,
    /// Its endpoints are made by somebody else.
    #[error("it has no selector")]
    NoSelector,
    /// Readiness means nothing there.
    #[error("it publishes addresses that are not ready")]
    NotReadyAddresses,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name, empty where there is but one.
    pub name: String,
    /// Where it leads.
    pub target: Target,
}

/// Where a port of a Service leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To the port that a container has declared under this name.
    Name(String),
    /// To this number; nobody needs to declare it.
    Number(i32),
}

#[derive(Deserialize)]
struct Wire {
    metadata: meta::Wire<Vec<Managed>>,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Managed {
    #[serde(default)]
    manager: String,
    time: Option<Time>,
    #[serde(rename = "fieldsV1", default)]
    fields: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    selector: Option<BTreeMap<String, String>>,
    ports: Vec<Port>,
    #[serde(rename = "type")]
    kind: String,
    publish_not_ready_addresses: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Port {
    name: Option<String>,
    port: i32,
    target_port: Option<IntOrString>,
}

impl From<Wire> for Service {
    fn from(wire: Wire) -> Self {
        let selector = wire.spec.selector.unwrap_or_default();
        let unsuitable = if wire.spec.kind == "ExternalName" {
            Some(Unsuitable::ExternalName)
        } else if selector.is_empty() {
            Some(Unsuitable::NoSelector)
        } else if wire.spec.publish_not_ready_addresses {
            Some(Unsuitable::NotReadyAddresses)
        } else {
            None
        };
        Self {
            manager: last(wire.metadata.managed_fields.as_deref().unwrap_or_default()),
            metadata: wire.metadata.into(),
            ports: wire.spec.ports.into_iter().map(Into::into).collect(),
            selector,
            unsuitable,
        }
    }
}

impl From<Port> for ServicePort {
    fn from(port: Port) -> Self {
        let target = match port.target_port {
            Some(IntOrString::String(name)) => Target::Name(name),
            Some(IntOrString::Int(number)) => Target::Number(number),
            None => Target::Number(port.port),
        };
        Self { name: port.name.unwrap_or_default(), target }
    }
}

/// Who owns the selector; of several who changed it last.
fn last(managed: &[Managed]) -> String {
    let owners = managed.iter().filter(|entry| entry.fields.pointer("/f:spec/f:selector").is_some());
    let last = owners.max_by_key(|entry| entry.time.as_ref().map(|time| time.0));
    last.map_or_else(|| "somebody".to_owned(), |entry| entry.manager.clone())
}

impl Service {
    /// Whether it selects a pod with these labels.
    #[must_use]
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.selector.is_empty() && self.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

resource!(Service, "", "v1", "services");
impl Kept for Service {}
