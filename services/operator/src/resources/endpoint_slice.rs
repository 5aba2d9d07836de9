//! EndpointSlices.

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::{Kept, SERVICE_NAME, meta::lean, resource};

/// Some of a Service's endpoints, all with the same ports.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct EndpointSlice {
    /// Its metadata.
    #[serde(deserialize_with = "lean")]
    pub metadata: ObjectMeta,
    #[serde(default)]
    endpoints: Option<Vec<Endpoint>>,
    #[serde(default)]
    ports: Option<Vec<Port>>,
}

/// An endpoint.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    addresses: Vec<String>,
    conditions: Conditions,
    target_ref: Option<Target>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Conditions {
    ready: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Target {
    kind: String,
    name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Port {
    name: Option<String>,
}

impl EndpointSlice {
    /// Its endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        self.endpoints.as_deref().unwrap_or_default()
    }

    /// The names of its ports; that of a Service's only port may be empty.
    pub fn ports(&self) -> impl Iterator<Item = &str> {
        self.ports.iter().flatten().map(|port| port.name.as_deref().unwrap_or_default())
    }
}

impl Endpoint {
    /// Whether it is ready; it is where nothing is said.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.conditions.ready.unwrap_or(true)
    }

    /// The name of its pod; of another thing its address.
    #[must_use]
    pub fn pod(&self) -> &str {
        let pod = self.target_ref.as_ref().filter(|target| target.kind == "Pod").map(|target| &target.name);
        pod.or_else(|| self.addresses.first()).map_or("", String::as_str)
    }
}

resource!(EndpointSlice, "discovery.k8s.io", "v1", "endpointslices");

/// Together are those of one Service, by its name.
impl Kept for EndpointSlice {
    fn group(&self) -> Option<&str> {
        self.metadata.labels.as_ref()?.get(SERVICE_NAME).map(String::as_str)
    }
}
