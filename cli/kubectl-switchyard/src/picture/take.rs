//! A picture is taken: of what the operator says, and of the objects.

use std::cmp::Ordering;

use kube::ResourceExt;
use rollout::{Active, BlueGreen, Gate, Kind, Phase, Status, Time};

use super::{
    Objects,
    view::{GateView, Picture, Step, WorkloadView},
    workload::workload,
};
use crate::{explain::next_step, intent::current};

impl Picture {
    /// What there is to show now. `label` is the label whose value is the colour.
    #[must_use]
    pub fn of(object: &BlueGreen, objects: &Objects, label: &str, now: Time) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let known = current(object).is_some();
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
                Ordering::Less => Step::Done,
                Ordering::Equal => here,
                Ordering::Greater => Step::Coming,
            };
            COURSE.map(|phase| (phase, step(phase))).to_vec()
        }
    }
}

fn gates(object: &BlueGreen, status: &Status, now: Time) -> Vec<GateView> {
    let stages = [("before", &object.spec.gates.before), ("after", &object.spec.gates.after)];
    let view = |stage: &'static str, gate: &Gate| {
        let known = status.gates.iter().find(|known| known.name == gate.name);
        GateView {
            stage,
            name: gate.name.clone(),
            kind: gate.kind().map_or("illegal", Kind::word),
            state: known.map(|known| known.state),
            since: known.map(|known| now.since(known.since)),
            message: known.map(|known| known.message.clone()).unwrap_or_default(),
        }
    };
    stages.into_iter().flat_map(|(stage, gates)| gates.iter().map(move |gate| view(stage, gate))).collect()
}
