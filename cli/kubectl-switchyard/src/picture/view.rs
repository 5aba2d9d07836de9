//! What a picture shows, as data.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::{apps::v1::Deployment, discovery::v1::EndpointSlice};
use kube::ResourceExt;
use rollout::{
    Active, BlueGreen, Colour, Gate, GateState, Kind, Phase, Reason, Side, Status, Time, Workload,
};

use super::Objects;
use crate::{explain::next_step, intent::adopt::colour};

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

impl Picture {
    /// What there is to show now. `label` is the label whose value is the colour.
    #[must_use]
    pub fn of(object: &BlueGreen, objects: &Objects, label: &str, now: Time) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let known =
            object.status.is_some() && object.metadata.generation.unwrap_or(0) <= status.observed_generation;
        let workloads: Vec<_> =
            object.spec.workloads.iter().map(|one| workload(one, &status, objects, label)).collect();
        Self {
            name: object.name_any(),
            active: active(&workloads),
            wanted: object.spec.active,
            phase: known.then_some(status.phase),
            since: status.since.map(|since| now.since(since)),
            steps: if known { steps(&status) } else { vec![] },
            reason: status.reason,
            message: status.message.clone(),
            next: status.reason.map_or_else(String::new, |reason| next_step(object, &status, reason)),
            deadline: status.deadline.map(|deadline| {
                let stopped = status.deadline_stopped;
                (deadline.since(stopped.unwrap_or(now)), stopped.is_some())
            }),
            paused: object.spec.paused,
            release: status.release.clone(),
            workloads,
            gates: gates(object, &status, now),
        }
    }
}

fn active(workloads: &[WorkloadView]) -> Option<Active> {
    let mut colours = workloads
        .iter()
        .flat_map(|workload| &workload.services)
        .filter(|service| !service.preview)
        .filter_map(|service| service.points_at);
    let first = colours.next()?;
    Some(if colours.all(|colour| colour == first) { first.into() } else { Active::Mixed })
}

const COURSE: [Phase; 6] =
    [Phase::Preparing, Phase::Gating, Phase::Switching, Phase::Verifying, Phase::Draining, Phase::Stable];

fn steps(status: &Status) -> Vec<(Phase, Step)> {
    let (at, here) = match (status.phase, status.held_in) {
        (Phase::Held, Some(held_in)) => (held_in, Step::Stopped),
        (phase, _) => (phase, Step::Now),
    };
    match at {
        Phase::Stable if here == Step::Now => vec![(Phase::Stable, Step::Done)],
        Phase::SwitchingBack if here == Step::Now => vec![(Phase::SwitchingBack, Step::Now)],
        Phase::Stable | Phase::SwitchingBack | Phase::Held => vec![(Phase::Held, Step::Stopped)],
        _ => {
            let step = |phase: Phase| match phase.cmp(&at) {
                // `Stable` is the first of the phases, and the last of a release.
                _ if phase == Phase::Stable => Step::Coming,
                std::cmp::Ordering::Less => Step::Done,
                std::cmp::Ordering::Equal => here,
                std::cmp::Ordering::Greater => Step::Coming,
            };
            COURSE.map(|phase| (phase, step(phase))).to_vec()
        }
    }
}

fn workload(of: &Workload, status: &Status, objects: &Objects, label: &str) -> WorkloadView {
    let services: Vec<_> = of.services.iter().map(|route| service(&route.name, objects, label)).collect();
    let serves = |colour| services.iter().any(|service| service.points_at == Some(colour));
    let sides = Colour::BOTH.map(|colour| {
        let declared = if colour == Colour::Blue { &of.blue } else { &of.green };
        side(colour, declared, objects, role(colour, serves(colour), status))
    });
    let preview = of
        .preview
        .iter()
        .map(|preview| ServiceView { preview: true, ..service(&preview.service, objects, label) });
    let services = services.into_iter().chain(preview).collect();
    WorkloadView { name: of.name.clone(), sides, services }
}

fn role(colour: Colour, serves: bool, status: &Status) -> Role {
    let at = if status.phase == Phase::Held { status.held_in.unwrap_or_default() } else { status.phase };
    let drains = status.draining_since.is_some() && status.drained_at.is_none();
    if serves {
        Role::Serves
    } else if status.to == Some(colour) && matches!(at, Phase::Preparing | Phase::Gating | Phase::Switching) {
        Role::New
    } else if drains && matches!(at, Phase::Draining | Phase::Stable) {
        Role::Drains
    } else if status.way_back && status.to == Some(colour.other()) {
        Role::WayBack
    } else {
        Role::Idle
    }
}

fn side(colour: Colour, declared: &Side, objects: &Objects, role: Role) -> SideView {
    let found = objects.deployments.iter().find(|one| one.name_any() == declared.deployment);
    let status = found.and_then(|deployment| deployment.status.as_ref());
    SideView {
        colour,
        deployment: declared.deployment.clone(),
        exists: found.is_some(),
        role,
        wanted: found.and_then(|deployment| deployment.spec.as_ref()?.replicas).unwrap_or_default(),
        ready: status.and_then(|status| status.ready_replicas).unwrap_or_default(),
        there: status.and_then(|status| status.replicas).unwrap_or_default(),
        images: found.map(images).unwrap_or_default(),
    }
}

/// Without the registry and path, which are the same everywhere and long.
fn images(of: &Deployment) -> Vec<String> {
    let pod = of.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let images =
        pod.into_iter().flat_map(|pod| &pod.containers).filter_map(|container| container.image.as_deref());
    images.map(|image| image.rsplit('/').next().unwrap_or(image).to_owned()).collect()
}

fn service(name: &str, objects: &Objects, label: &str) -> ServiceView {
    let found = objects.services.iter().find(|service| service.name_any() == name);
    let points_at = found
        .and_then(|service| colour(service, label))
        .map(|colour| if colour == "blue" { Colour::Blue } else { Colour::Green });
    let endpoints = endpoints(name, &objects.slices);
    let ready = endpoints.values().filter(|ready| **ready).count();
    ServiceView {
        name: name.to_owned(),
        preview: false,
        points_at,
        exists: found.is_some(),
        ready,
        unready: endpoints.len() - ready,
    }
}

/// The endpoints in all slices of a Service, merged, each ready or not.
fn endpoints(service: &str, slices: &[EndpointSlice]) -> BTreeMap<String, bool> {
    let mut merged = BTreeMap::new();
    let own = slices
        .iter()
        .filter(|slice| slice.labels().get("kubernetes.io/service-name").is_some_and(|name| name == service));
    for endpoint in own.flat_map(|slice| slice.endpoints.iter()) {
        let pod = endpoint.target_ref.as_ref().and_then(|target| target.name.clone());
        let key = pod.or_else(|| endpoint.addresses.first().cloned()).unwrap_or_default();
        let conditions = endpoint.conditions.as_ref();
        let ready = conditions.and_then(|conditions| conditions.ready).unwrap_or(true);
        let known = merged.entry(key).or_insert(ready);
        *known = *known && ready;
    }
    merged
}

fn gates(object: &BlueGreen, status: &Status, now: Time) -> Vec<GateView> {
    let stages = [("before", &object.spec.gates.before), ("after", &object.spec.gates.after)];
    let view = |stage: &'static str, gate: &Gate| {
        let known = status.gates.iter().find(|known| known.name == gate.name);
        GateView {
            stage,
            name: gate.name.clone(),
            kind: kind(gate),
            state: known.map(|known| known.state),
            since: known.map(|known| now.since(known.since)),
            message: known.map(|known| known.message.clone()).unwrap_or_default(),
        }
    };
    stages.into_iter().flat_map(|(stage, gates)| gates.iter().map(move |gate| view(stage, gate))).collect()
}

/// What a gate is.
pub(crate) fn kind(gate: &Gate) -> &'static str {
    match gate.kind() {
        Some(Kind::Http(_)) => "http",
        Some(Kind::Approval) => "approval",
        Some(Kind::Prometheus(_)) => "prometheus",
        Some(Kind::Breakers(_)) => "breakers",
        Some(Kind::Job(_)) => "job",
        None => "illegal",
    }
}
