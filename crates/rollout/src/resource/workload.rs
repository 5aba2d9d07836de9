//! What is switched, and how gently.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;

/// Two Deployments, and the Services before them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Its name within the release.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,

    /// The blue side.
    pub blue: Side,

    /// The green side.
    pub green: Side,

    /// 1 to 8 Services; the colour key of their selectors is what is switched.
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub services: Vec<Route>,

    /// A Service on the side that does not serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
}

/// One side of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Side {
    /// The Deployment's name.
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub deployment: String,

    /// Waits until the pod template's label `app.kubernetes.io/version` is this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub version: Option<String>,
}

/// A Service that is switched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Route {
    /// The Service's name.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
}

/// A Service that shows the side that does not serve.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Preview {
    /// The Service's name.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub service: String,
}

/// When the serving side counts as broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(inline)]
pub struct Verify {
    /// Fewer ready endpoints than this share of those that there were at the switch is broken. 1 to 100, 100 unless said.
    #[schemars(range(min = 1, max = 100))]
    pub min_ready_percent: u8,
}

impl Default for Verify {
    fn default() -> Self {
        Self { min_ready_percent: 100 }
    }
}

/// How long the old side is kept at full size after its endpoints are gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[schemars(inline)]
#[x_kube(validation = Rule::new("duration(self.min) <= duration(self.max)").message("`min` is no longer than `max`"))]
pub struct Drain {
    /// At least so long, 5 s unless said.
    #[serde(default = "five_seconds")]
    pub min: Span,

    /// At most so long, 60 s unless said.
    #[serde(default = "a_minute")]
    pub max: Span,

    /// The port, by name or number, at which a pod answers `GET /drain`; without it every drain lasts `max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 15), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub port: Option<String>,
}

impl Default for Drain {
    fn default() -> Self {
        Self { min: five_seconds(), max: a_minute(), port: None }
    }
}

/// What the side that lost the traffic keeps, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(inline)]
pub struct Idle {
    /// So many pods, none unless said.
    #[schemars(range(min = 0, max = 10_000))]
    pub replicas: i32,

    /// Counted from `Stable`, 5 min unless said.
    pub after: Span,
}

impl Default for Idle {
    fn default() -> Self {
        Self { replicas: 0, after: Span::secs(300) }
    }
}

const fn five_seconds() -> Span {
    Span::secs(5)
}

const fn a_minute() -> Span {
    Span::secs(60)
}
