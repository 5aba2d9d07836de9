//! Deployments.

use k8s_openapi::apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString};
use kube::core::{ObjectMeta, Selector};
use rollout::Span;
use serde::Deserialize;

use super::{Kept, Template, meta::lean, resource};

/// A Deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Deployment {
    /// Its metadata.
    #[serde(deserialize_with = "lean")]
    pub metadata: ObjectMeta,
    /// What is wished.
    #[serde(default)]
    pub spec: Spec,
    #[serde(default)]
    status: Status,
}

/// What is wished of a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    replicas: Option<i32>,
    min_ready_seconds: u32,
    selector: LabelSelector,
    strategy: Strategy,
    /// The pods' template.
    pub template: Template,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Strategy {
    #[serde(rename = "type")]
    kind: Option<String>,
    rolling_update: Option<RollingUpdate>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RollingUpdate {
    max_unavailable: Option<IntOrString>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Option<i64>,
}

impl Deployment {
    /// How many pods it shall have.
    #[must_use]
    pub fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// For how long a pod is Ready before it counts as available.
    #[must_use]
    pub fn min_ready(&self) -> Span {
        Span::secs(self.spec.min_ready_seconds)
    }

    /// Whether its controller has seen its latest generation.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.status.observed_generation >= self.metadata.generation
    }

    /// How many pods may be away while it rolls: a share is rounded down, as its controller does.
    #[must_use]
    pub fn max_unavailable(&self) -> i32 {
        let strategy = &self.spec.strategy;
        if strategy.kind.as_deref() == Some("Recreate") {
            return self.replicas();
        }
        let max = strategy.rolling_update.as_ref().and_then(|rolling| rolling.max_unavailable.as_ref());
        match max {
            Some(IntOrString::Int(pods)) => *pods,
            Some(IntOrString::String(share)) => self.share(share.trim_end_matches('%').parse().unwrap_or(0)),
            None => self.share(25),
        }
    }

    /// Which pods are its own; nothing if it says so in a way that cannot be read.
    #[must_use]
    pub fn selector(&self) -> Option<Selector> {
        self.spec.selector.clone().try_into().ok()
    }

    fn share(&self, percent: i32) -> i32 {
        i32::try_from(i64::from(self.replicas()) * i64::from(percent) / 100).unwrap_or(i32::MAX)
    }
}

resource!(Deployment, "apps", "v1", "deployments");
impl Kept for Deployment {}
