//! The worlds: what each of them has, and how much may happen in it.

use rollout::{
    Approval, BlueGreenSpec, Colour, Drain, Gate, Gates, Http, Idle, OnFailure, Preview, Route, Side, Span,
    Verify, Workload,
};

use crate::state::{
    Budget, Deployment, FOUR, Feed, Life, Pod, ROUTES, SLOTS, Service, Services, State, Wish, endpoint,
    preview, side, workload,
};

/// What a world has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) workloads: u8,
    /// Of each workload.
    pub(crate) services: u8,
    /// Of the side that serves.
    pub(crate) pods: u8,
    /// By how many versions each cache may be behind.
    pub(crate) lag: u8,
    /// What somebody else may do, once.
    pub(crate) foreign: &'static [Foreign],
    /// How the wish may change.
    pub(crate) wishes: &'static [WishChange],
    pub(crate) before: GateKind,
    pub(crate) after: GateKind,
    pub(crate) on_failure: OnFailure,
    /// Whether pods answer at once that they are drained.
    pub(crate) drained: bool,
    /// Whether each workload has a preview, which selects the side that serves at first.
    pub(crate) preview: bool,
    pub(crate) budget: Budget,
}

/// What somebody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Points a Service of ours at the other colour.
    Point,
    /// Scales a Deployment to nothing.
    Scale,
    /// Points a Service that is none of ours at a side.
    Refer,
    /// Deletes a Service of ours, or a preview.
    Remove,
}

/// How a wish changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WishChange {
    /// The other colour.
    Colour,
    /// `paused`, or not any more.
    Pause,
    /// One more attempt.
    Attempt,
}

/// A gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GateKind {
    None,
    /// Is asked, and answers.
    Asked,
    /// Waits for a person.
    Approval,
}

/// The progress deadline, which is longer than everything else.
pub(crate) const DEADLINE: Span = Span::secs(600);
/// The longest drain.
pub(crate) const DRAIN: Span = Span::secs(60);
/// What the other side waits for before it shrinks.
pub(crate) const IDLE: Span = Span::secs(300);

impl World {
    /// The workloads' indices.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = usize> + use<> {
        0..usize::from(self.workloads)
    }

    /// The sides' indices.
    pub(crate) fn sides(&self) -> impl Iterator<Item = usize> + use<> {
        0..usize::from(self.workloads) * 2
    }

    /// The indices of the Services of a workload.
    pub(crate) fn services_of(&self, workload: usize) -> impl Iterator<Item = usize> + use<> {
        workload * 2..workload * 2 + usize::from(self.services)
    }

    /// The indices of all Services.
    pub(crate) fn services(&self) -> impl Iterator<Item = usize> + use<> {
        let world = *self;
        self.workloads().flat_map(move |workload| world.services_of(workload))
    }

    /// The indices of all previews.
    pub(crate) fn previews(&self) -> impl Iterator<Item = usize> + use<> {
        self.workloads()
            .filter({
                let there = self.preview;
                move |_| there
            })
            .map(preview)
    }

    /// The indices of all Services, and of all previews.
    pub(crate) fn routes(&self) -> impl Iterator<Item = usize> + use<> {
        self.services().chain(self.previews())
    }

    /// Blue serves, as it was wished; there is no green pod.
    pub(crate) fn start(&self) -> State {
        let mut services = Services::default();
        let mut deployments = [Deployment::default(); FOUR];
        let mut pods = [[Pod::default(); SLOTS]; FOUR];
        let mut slices = [0; ROUTES];
        for workload in self.workloads() {
            let blue = side(workload, Colour::Blue);
            deployments[blue] = Deployment { replicas: self.pods, template: 0, settled: true };
            deployments[blue + 1].settled = true;
            for slot in SLOTS - usize::from(self.pods)..SLOTS {
                pods[blue][slot].life = Life::Ready;
                for service in self
                    .services_of(workload)
                    .chain(self.previews().filter(|&route| route == preview(workload)))
                {
                    slices[service] |= endpoint(Colour::Blue, slot);
                }
            }
        }
        for service in self.services() {
            services.ours[service] =
                Service { points_at: Some(Colour::Blue), mark: Some(Colour::Blue), gone: false };
        }
        for preview in self.previews() {
            services.ours[preview].points_at = Some(Colour::Blue);
        }
        State {
            services: Feed::of(services),
            deployments: Feed::of(deployments),
            pods: Feed::of(pods),
            slices: Feed::of(slices),
            wish: Wish { active: Colour::Blue, paused: false, attempt: 0 },
            status: 0,
            before: Default::default(),
            after: Default::default(),
            sealed: 0,
            in_flight: None,
            undrained: 0,
            budget: self.budget,
        }
    }

    /// What the BlueGreen says.
    pub(crate) fn spec(&self, wish: Wish) -> BlueGreenSpec {
        BlueGreenSpec {
            active: wish.active,
            workloads: self.workloads().map(|workload| self.workload(workload)).collect(),
            paused: wish.paused,
            attempt: wish.attempt.into(),
            progress_deadline: DEADLINE,
            verify: Verify::default(),
            drain: Drain { min: Span::secs(0), max: DRAIN, port: None },
            idle: Idle { replicas: 0, after: IDLE },
            gates: Gates {
                before: self.before.gate("before").into_iter().collect(),
                after: self.after.gate("after").into_iter().collect(),
            },
            on_failure: self.on_failure,
        }
    }

    fn workload(&self, workload: usize) -> Workload {
        let declared = |colour| Side { deployment: side_name(side(workload, colour)), version: None };
        Workload {
            name: workload_name(workload),
            blue: declared(Colour::Blue),
            green: declared(Colour::Green),
            services: self.services_of(workload).map(|index| Route { name: service_name(index) }).collect(),
            preview: self.preview.then(|| Preview { service: service_name(preview(workload)) }),
        }
    }
}

impl GateKind {
    fn gate(self, name: &str) -> Option<Gate> {
        let mut gate = Gate { name: name.into(), ..Gate::default() };
        match self {
            Self::None => return None,
            Self::Approval => gate.approval = Some(Approval {}),
            Self::Asked => {
                gate.http = Some(Http {
                    port: "admin".into(),
                    path: "/readyz".into(),
                    expect: 200,
                    attempts: 1,
                    interval: Span::secs(1),
                    timeout: Span::secs(1),
                });
            }
        }
        Some(gate)
    }
}

/// The name of a workload.
pub(crate) fn workload_name(workload: usize) -> String {
    ["orders", "stock"][workload].into()
}

/// The name of a Deployment.
pub(crate) fn side_name(index: usize) -> String {
    format!("{}-{}", workload_name(index / 2), ["blue", "green"][index % 2])
}

/// The name of a Service, or of a preview.
pub(crate) fn service_name(index: usize) -> String {
    let what = if index < FOUR { ["http", "grpc"][index % 2] } else { "preview" };
    format!("{}-{what}", workload_name(workload(index)))
}

/// The name of a pod.
pub(crate) fn pod_name(side: usize, slot: usize) -> String {
    format!("{}-{}", side_name(side), ["x", "y", "z"][slot])
}
