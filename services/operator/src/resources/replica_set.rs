//! ReplicaSets: they alone say of which template a pod is.

use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer};

use super::{Kept, Owned, Template, meta::lean, resource};

/// A ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ReplicaSet {
    /// Its metadata.
    #[serde(deserialize_with = "lean")]
    pub metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "hash")]
    template: String,
}

fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Template::deserialize(deserializer).map(|template| template.hash)
}

impl ReplicaSet {
    /// The hash of its template.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.spec.template
    }
}

resource!(ReplicaSet, "apps", "v1", "replicasets");

/// Together are those of one Deployment.
impl Kept for ReplicaSet {
    fn group(&self) -> Option<&str> {
        self.controller().map(|owner| owner.uid.as_str())
    }
}
