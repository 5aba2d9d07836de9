//! Horizontal pod autoscalers.

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::{Kept, meta::lean, resource};

/// A horizontal pod autoscaler.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Autoscaler {
    /// Its metadata.
    #[serde(deserialize_with = "lean")]
    pub metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    min_replicas: Option<i32>,
    max_replicas: i32,
    scale_target_ref: Target,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Target {
    kind: String,
    name: String,
}

impl Autoscaler {
    /// Its `minReplicas`.
    #[must_use]
    pub fn min(&self) -> i32 {
        self.spec.min_replicas.unwrap_or(1)
    }

    /// Its `maxReplicas`.
    #[must_use]
    pub const fn max(&self) -> i32 {
        self.spec.max_replicas
    }

    /// KEDA's ScaledObject that it was made for. That resource itself is not read: it need not exist in a cluster.
    #[must_use]
    pub fn scaled_object(&self) -> Option<&str> {
        let owners = self.metadata.owner_references.as_deref().unwrap_or_default();
        let owner = owners.iter().find(|owner| owner.kind == "ScaledObject").map(|owner| owner.name.as_str());
        let label = || self.metadata.labels.as_ref()?.get("scaledobject.keda.sh/name").map(String::as_str);
        owner.or_else(label)
    }
}

resource!(Autoscaler, "HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers");

/// Together are those of one Deployment, by its name.
impl Kept for Autoscaler {
    fn group(&self) -> Option<&str> {
        let target = &self.spec.scale_target_ref;
        (target.kind == "Deployment").then_some(target.name.as_str())
    }
}
