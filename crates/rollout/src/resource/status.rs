//! What came of the wish. Only facts and what must be remembered stand here; anything may be lost and is found again.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Colour, Time};
use crate::Reason;

/// Where a release is, what it waits for, and what was done before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// What the Services select now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<Active>,

    /// Where the release is.
    pub phase: Phase,

    /// What was left for `Held`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_in: Option<Phase>,

    /// Since when it is in this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,

    /// What it waits for, or why it is held, in a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,

    /// The same in a sentence, with names.
    #[schemars(length(max = 1024))]
    pub message: String,

    /// The generation of the object that was looked at.
    pub observed_generation: i64,

    /// The hash that tells this release from every other; approvals are given to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub release: Option<String>,

    /// The object's generation when the release began.
    pub release_generation: i64,

    /// The attempt that the release began with.
    pub release_attempt: i64,

    /// The colour that the release brings the traffic to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Colour>,

    /// When the release counts as failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,

    /// Since when the deadline stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_stopped: Option<Time>,

    /// Whether the release brings back at once, and without gates, what served last.
    pub undo: bool,

    /// When the first Service was pointed at the colour that the release brings the traffic to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Time>,

    /// Why the traffic goes back, or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,

    /// Whether the new side is about to get traffic once more, since the old one has lost its last ready pod.
    pub returning: bool,

    /// Whether it has got it once more, which happens once for a release.
    pub returned: bool,

    /// Whether the side that lost the traffic still stands at full size, so that it can take it again at once.
    pub way_back: bool,

    /// Since when no Service has an endpoint of the side that lost the traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draining_since: Option<Time>,

    /// When its drain was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drained_at: Option<Time>,

    /// Each Service.
    #[schemars(length(max = 128))]
    pub services: Vec<ServiceStatus>,

    /// Each workload.
    #[schemars(length(max = 16))]
    pub workloads: Vec<WorkloadStatus>,

    /// Each gate that this release has come to.
    #[schemars(length(max = 32))]
    pub gates: Vec<GateStatus>,

    /// The release that failed last, which is not tried again as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,

    /// The last ten switches, the latest first.
    #[schemars(length(max = 10))]
    pub history: Vec<Switch>,

    /// What `kubectl wait` reads.
    #[schemars(length(max = 8))]
    pub conditions: Vec<Condition>,
}

impl Status {
    /// Where the release is, be it held there or not.
    #[must_use]
    pub fn at(&self) -> Phase {
        match self.phase {
            Phase::Held => self.held_in.unwrap_or_default(),
            phase => phase,
        }
    }
}

/// What the Services select.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Active {
    /// All of them blue.
    Blue,
    /// All of them green.
    Green,
    /// Some this and some that.
    Mixed,
}

impl From<Colour> for Active {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Blue => Self::Blue,
            Colour::Green => Self::Green,
        }
    }
}

/// Where a release is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[schemars(inline)]
pub enum Phase {
    /// Nothing is under way.
    #[default]
    Stable,
    /// The new side is scaled up and gets ready.
    Preparing,
    /// The gates before the switch are asked.
    Gating,
    /// The Services are pointed at the new side, one after the other.
    Switching,
    /// The new side serves, and the gates after the switch are asked.
    Verifying,
    /// The old side ends what it has begun.
    Draining,
    /// The Services are pointed at the old side again.
    SwitchingBack,
    /// Nothing is done until somebody changes something; what breaks still goes back.
    Held,
}

impl Phase {
    /// All of them, in the order of a release.
    pub const ALL: [Self; 8] = [
        Self::Stable,
        Self::Preparing,
        Self::Gating,
        Self::Switching,
        Self::Verifying,
        Self::Draining,
        Self::SwitchingBack,
        Self::Held,
    ];

    /// The word that stands in a status, in metrics and in logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stable => "Stable",
            Self::Preparing => "Preparing",
            Self::Gating => "Gating",
            Self::Switching => "Switching",
            Self::Verifying => "Verifying",
            Self::Draining => "Draining",
            Self::SwitchingBack => "SwitchingBack",
            Self::Held => "Held",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What is remembered of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(inline)]
pub struct ServiceStatus {
    /// Its workload.
    #[schemars(length(max = 63))]
    pub workload: String,
    /// Its name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Which colour it selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<Colour>,
    /// How many of its endpoints are ready.
    pub endpoints: i32,
    /// When it was pointed at the side where the release brings it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointed_at: Option<Time>,
    /// How many pods of that side were ready then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<i32>,
    /// Whether its endpoints have shown since that the switch has reached them.
    pub proven: bool,
    /// Since when it has no ready endpoint at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dark_since: Option<Time>,
}

/// What is remembered of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(inline)]
pub struct WorkloadStatus {
    /// Its name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// The size that the old side had when the switch began, and keeps while it is the way back.
    pub full: i32,
    /// The hash of the pod template that the release brings.
    #[schemars(length(max = 64))]
    pub template: String,
    /// The hash of the pod template that served before it.
    #[schemars(length(max = 64))]
    pub served: String,
}

/// How far a gate is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct GateStatus {
    /// Its name.
    #[schemars(length(max = 40))]
    pub name: String,
    /// What is known.
    pub state: GateState,
    /// Since when.
    pub since: Time,
    /// What it waits for, or what failed.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub message: String,
}

/// What is known of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum GateState {
    /// It is asked.
    Running,
    /// It has passed for this release.
    Passed,
    /// It has failed for this release.
    Failed,
}

/// A release that failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Failed {
    /// The colour that it wished for.
    pub to: Colour,
    /// The hash of the new side's pod templates.
    #[schemars(length(max = 16))]
    pub template: String,
    /// The hash of the gate that failed, as it was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub gate: Option<String>,
    /// The gate's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub gate_name: Option<String>,
    /// The attempt.
    pub attempt: i64,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// A switch that is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Switch {
    /// Where the traffic was.
    pub from: Colour,
    /// Where it was brought.
    pub to: Colour,
    /// The images of the side that it was brought to, cut to the first 16.
    #[schemars(length(max = 16), inner(length(max = 256)))]
    pub images: Vec<String>,
    /// When the first Service was pointed at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Time>,
    /// When it was over.
    pub ended: Time,
    /// `Switched` if the traffic stayed there, else why it went back.
    pub outcome: Reason,
    /// The same in a sentence, with names, if it failed.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub message: String,
}

/// A condition, as `kubectl wait` reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Condition {
    /// Its name.
    #[serde(rename = "type")]
    #[schemars(length(max = 63))]
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, in a stable word.
    #[schemars(length(max = 63))]
    pub reason: String,
    /// The same in a sentence.
    #[schemars(length(max = 1024))]
    pub message: String,
    /// Since when.
    pub last_transition_time: Time,
    /// The generation of the object that was looked at.
    pub observed_generation: i64,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ConditionStatus {
    /// It does.
    True,
    /// It does not.
    False,
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}
