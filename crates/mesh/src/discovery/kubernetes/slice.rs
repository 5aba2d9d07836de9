//! What is read of an `EndpointSlice` of `discovery.k8s.io/v1`. Other fields are passed over, and `null` is an empty list, as Go writes it.

use serde::{Deserialize, Deserializer};

/// A part of the endpoints of a Service, of which there may be many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSlice {
    /// Its name, and which version of it this is.
    pub metadata: Metadata,
    /// `IPv4` or `IPv6`. Of `FQDN` nothing is defined, and nothing is taken.
    #[serde(default)]
    pub address_type: String,
    /// Up to 1,000.
    #[serde(default, deserialize_with = "null_is_default")]
    pub endpoints: Vec<SliceEndpoint>,
    /// The ports of all its endpoints. Another slice of the same Service may have other numbers under the same names.
    #[serde(default, deserialize_with = "null_is_default")]
    pub ports: Vec<SlicePort>,
}

/// What is read of an object's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Unique among the slices of a namespace.
    #[serde(default)]
    pub name: String,
    /// Where a watch goes on. It has no other meaning.
    #[serde(default)]
    pub resource_version: String,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SliceEndpoint {
    /// Only the first has a meaning.
    #[serde(default, deserialize_with = "null_is_default")]
    pub addresses: Vec<String>,
    /// How it is.
    #[serde(default, deserialize_with = "null_is_default")]
    pub conditions: SliceConditions,
    /// The zone that it is in.
    #[serde(default)]
    pub zone: Option<String>,
    /// Who had better call it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub hints: SliceHints,
}

/// How an endpoint is. Kubernetes says what holds where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SliceConditions {
    /// Absent: true.
    pub ready: Option<bool>,
    /// Absent: true.
    pub serving: Option<bool>,
    /// Absent: false.
    pub terminating: Option<bool>,
}

/// Who had better call an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SliceHints {
    /// Callers in these zones; if none is named, any.
    #[serde(default, deserialize_with = "null_is_default")]
    pub for_zones: Vec<ForZone>,
}

/// A zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ForZone {
    /// As nodes have it in `topology.kubernetes.io/zone`.
    pub name: String,
}

/// A port of a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SlicePort {
    /// That of the Service's port; absent is empty.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// Absent: there is none that could be called.
    pub port: Option<u16>,
    /// Absent: TCP.
    pub protocol: Option<String>,
}

impl SlicePort {
    /// The number, if TCP is spoken there.
    pub(super) fn tcp(&self) -> Option<u16> {
        self.port.filter(|_| self.protocol.as_deref().is_none_or(|protocol| protocol == "TCP"))
    }
}

fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
