//! Metadata, of which only what is read is kept.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::DOMAIN;

/// As it comes. Of annotations only the project's own are kept: that of `kubectl apply` alone is as large as its object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "M: Deserialize<'de>")]
pub(super) struct Wire<M = IgnoredAny> {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    /// Whoever wants to know which manager has changed what says as what it is read.
    pub(super) managed_fields: Option<M>,
}

impl<M> From<Wire<M>> for ObjectMeta {
    fn from(wire: Wire<M>) -> Self {
        let mut annotations = wire.annotations.unwrap_or_default();
        annotations.retain(|key, _| key.contains(DOMAIN));
        Self {
            name: wire.name,
            namespace: wire.namespace,
            uid: wire.uid,
            resource_version: wire.resource_version,
            generation: wire.generation,
            creation_timestamp: wire.creation_timestamp,
            deletion_timestamp: wire.deletion_timestamp,
            labels: wire.labels,
            annotations: (!annotations.is_empty()).then_some(annotations),
            owner_references: wire.owner_references,
            ..Self::default()
        }
    }
}

/// For `#[serde(deserialize_with)]`.
pub(super) fn lean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    Wire::<IgnoredAny>::deserialize(deserializer).map(Into::into)
}

/// What a controller has made.
pub trait Owned: kube::Resource {
    /// The controller that owns it.
    fn controller(&self) -> Option<&OwnerReference> {
        let owners = self.meta().owner_references.as_deref().unwrap_or_default();
        owners.iter().find(|owner| owner.controller == Some(true))
    }
}

impl<K: kube::Resource> Owned for K {}

/// The version of an object as a number; nothing where the API server has other versions.
#[must_use]
pub fn number(meta: &ObjectMeta) -> Option<u64> {
    meta.resource_version.as_deref()?.parse().ok()
}

/// Whether a version is later than another; versions that are no numbers count as later.
#[must_use]
pub fn is_newer(version: Option<u64>, than: Option<u64>) -> bool {
    version.zip(than).is_none_or(|(version, than)| version > than)
}
