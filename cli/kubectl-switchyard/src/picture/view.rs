//! What a picture shows, as data.

use std::time::Duration;

use rollout::{Active, Colour, GateState, Phase, Reason};

/// What a picture shows of one BlueGreen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name.
    pub name: String,
    /// What the Services select.
    pub active: Option<Active>,
    /// The wish.
    pub wanted: Colour,
    /// Where the release is; none if the operator has not looked at it as it is now.
    pub phase: Option<Phase>,
    /// Since when.
    pub since: Option<Duration>,
    /// The phases of a release, and how far each is.
    pub steps: Vec<(Phase, Step)>,
    /// Why it is there.
    pub reason: Option<Reason>,
    /// The same in a sentence.
    pub message: String,
    /// What comes next, or who can do what.
    pub next: String,
    /// What it is until the deadline, and whether that stands still.
    pub deadline: Option<(Duration, bool)>,
    /// Whether nothing new is begun.
    pub paused: bool,
    /// The release's hash.
    pub release: Option<String>,
    /// The workloads.
    pub workloads: Vec<WorkloadView>,
    /// The gates, in the order in which they are asked.
    pub gates: Vec<GateView>,
}

/// How far a phase of a release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is over.
    Done,
    /// It is under way.
    Now,
    /// It is yet to come.
    Coming,
    /// It was stopped here.
    Stopped,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadView {
    /// Its name.
    pub name: String,
    /// Blue and green.
    pub sides: [SideView; 2],
    /// Its Services.
    pub services: Vec<ServiceView>,
}

/// A side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideView {
    /// Which.
    pub colour: Colour,
    /// Its Deployment.
    pub deployment: String,
    /// Whether that exists.
    pub exists: bool,
    /// What it is there for.
    pub role: Role,
    /// How many pods it wants.
    pub wanted: i32,
    /// How many are ready.
    pub ready: i32,
    /// How many are there, ready or not.
    pub there: i32,
    /// The images, without the registry.
    pub images: Vec<String>,
}

/// What a side is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A Service selects it.
    Serves,
    /// It is what the release brings.
    New,
    /// It ends what it has begun.
    Drains,
    /// It stands ready to take the traffic again.
    WayBack,
    /// Nothing.
    Idle,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceView {
    /// Its name.
    pub name: String,
    /// Whether it only shows the side that does not serve.
    pub preview: bool,
    /// The colour that it selects.
    pub points_at: Option<Colour>,
    /// Whether it exists.
    pub exists: bool,
    /// How many endpoints are ready.
    pub ready: usize,
    /// How many are not.
    pub unready: usize,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateView {
    /// `before` or `after`.
    pub stage: &'static str,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// What is known; nothing if the release has not come to it.
    pub state: Option<GateState>,
    /// Since when.
    pub since: Option<Duration>,
    /// What it answers.
    pub message: String,
}
