//! The resource: what a user wishes (`spec`), and what came of it (`status`).
//!
//! The schema is structural, and every list and text is bounded, so that the API server accepts the rules below for
//! their cost and refuses what is illegal before anybody acts on it.

mod colour;
mod gates;
mod span;
mod status;
mod time;
mod workload;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    colour::Colour,
    gates::{Approval, Breakers, Gate, Gates, Http, Job, Kind, Prometheus},
    span::{InvalidSpan, Span},
    status::{
        Active, Condition, ConditionStatus, Failed, GateState, GateStatus, Phase, ServiceStatus, Status,
        Switch, WorkloadStatus,
    },
    time::Time,
    workload::{Drain, Idle, Preview, Route, Side, Verify, Workload},
};

/// Which of two Deployments serves, for one workload or several that switch together.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[kube(
    group = "switchyard.dev",
    version = "v1alpha1",
    kind = "BlueGreen",
    shortname = "bg",
    namespaced,
    status = "Status",
    derive = "PartialEq",
    doc = "Switches one workload or several from a blue to a green Deployment and back, without losing a request.",
    printcolumn = r#"{"name":"Active","type":"string","jsonPath":".status.active","description":"what the Services select"}"#,
    printcolumn = r#"{"name":"Wanted","type":"string","jsonPath":".spec.active","description":"what they shall select"}"#,
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase","description":"where the release is"}"#,
    printcolumn = r#"{"name":"Since","type":"date","jsonPath":".status.since","description":"since when"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.message","description":"what it waits for"}"#
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.workloads.all(a, a.blue.deployment != a.green.deployment && self.workloads.exists_one(b, b.blue.deployment == a.blue.deployment || b.green.deployment == a.blue.deployment) && self.workloads.exists_one(b, b.blue.deployment == a.green.deployment || b.green.deployment == a.green.deployment))").message("a Deployment is one side of one workload").field_path(".workloads"),
    validation = Rule::new("self.workloads.all(a, a.services.all(s, self.workloads.exists_one(b, b.services.exists(t, t.name == s.name))))").message("a Service belongs to one workload").field_path(".workloads"),
    validation = Rule::new("self.workloads.all(a, !has(a.preview) || self.workloads.all(b, (a.name == b.name || !has(b.preview) || b.preview.service != a.preview.service) && b.services.all(s, s.name != a.preview.service)))").message("a preview's Service is none that is switched, and no other's preview").field_path(".workloads"),
)]
pub struct BlueGreenSpec {
    /// The wish: which colour serves.
    pub active: Colour,

    /// 1 to 16 workloads by name. All of them switch together, or none does.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub workloads: Vec<Workload>,

    /// While true, nothing new is begun. A switch that is under way ends or goes back.
    #[serde(default)]
    pub paused: bool,

    /// Raise it to try a failed release again.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub attempt: i64,

    /// The new side must be ready and through its gates by then, and switched and through the `after` gates by then again.
    #[serde(default = "ten_minutes")]
    #[x_kube(validation = Rule::new("duration(self) > duration('0s')").message("a deadline is longer than nothing"))]
    pub progress_deadline: Span,

    /// When the serving side counts as broken.
    #[serde(default)]
    pub verify: Verify,

    /// How long the old side is kept at full size after its endpoints are gone.
    #[serde(default)]
    pub drain: Drain,

    /// What the side that lost the traffic keeps.
    #[serde(default)]
    pub idle: Idle,

    /// What must pass before a switch and after it.
    #[serde(default)]
    pub gates: Gates,

    /// What an `after` gate that fails, or the second deadline, leads to.
    #[serde(default)]
    pub on_failure: OnFailure,
}

/// What an `after` gate that fails, or a deadline that passes after the first write, leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum OnFailure {
    /// The traffic goes back.
    #[default]
    SwitchBack,
    /// Everything stays where it is.
    Hold,
}

const fn ten_minutes() -> Span {
    Span::secs(600)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
