//! What the core is shown of a state.

use std::collections::BTreeMap;

use rollout::{
    Change, Colour, Object, Observed, Time,
    observed::{self, Answers, Mark, Owner},
};

use crate::{
    mind::{NOW, Question, RELEASE},
    state::{
        Answer, Cluster, FOUR, Life, Pod, ROUTES, SLOTS, Write, colour, endpoint, preview, side,
        workload as workload_of,
    },
    world::{GateKind, World, pod_name, service_name, side_name, workload_name},
};

/// Since when every pod is Ready that is: each was so at every write.
const READY: Time = Time::from_millis(0);

/// What the caches and the quorum read show.
pub(crate) fn observed(world: &World, question: &Question) -> Observed {
    let workloads = world.workloads().map(|index| (workload_name(index), workload(world, question, index)));
    let live = question.live.map(|live| observed::Live {
        pods: sides(world, |index| pods(world, &question.view, index, &live.pods[index])),
        references: sides(world, |index| references(world, &live.services_in(&question.view), index)),
        refused: BTreeMap::new(),
    });
    let mut seen = Observed {
        uid: "uid".into(),
        generation: 1,
        approvals: BTreeMap::new(),
        workloads: workloads.collect(),
        gates: BTreeMap::new(),
        live,
    };
    for (name, kind, answer) in
        [("before", world.before, question.before), ("after", world.after, question.after)]
    {
        match (kind, answer) {
            (GateKind::Approval, Answer::Good) => {
                seen.approvals.insert(name.into(), RELEASE.into());
            }
            (GateKind::Asked, Answer::Good | Answer::Bad) => {
                let bad = (answer == Answer::Bad).then(|| "it is bad".into());
                let answers = Answers { good_since: Some(NOW), asked: Some(NOW), bad, unknown: None };
                seen.gates.insert(name.into(), answers);
            }
            _ => {}
        }
    }
    seen
}

fn sides<T>(world: &World, of: impl Fn(usize) -> T) -> BTreeMap<(String, Colour), T> {
    let both = |workload| Colour::BOTH.map(|colour| (workload, colour));
    let all = world.workloads().flat_map(both);
    all.map(|(workload, colour)| ((workload_name(workload), colour), of(side(workload, colour)))).collect()
}

fn workload(world: &World, question: &Question, index: usize) -> observed::Workload {
    let at = |colour| Some(deployment(world, question, side(index, colour)));
    let there = |service: &usize| !question.view.services.ours[*service].gone;
    let routes = world.services_of(index).filter(there);
    let routes = routes.map(|service| (service_name(service), route(question, service)));
    let preview = Some(preview(index)).filter(|_| world.preview).filter(there);
    observed::Workload {
        blue: at(Colour::Blue),
        green: at(Colour::Green),
        routes: routes.collect(),
        preview: preview.map(|preview| route(question, preview)),
    }
}

fn deployment(world: &World, question: &Question, index: usize) -> observed::Deployment {
    let seen = question.view.deployments[index];
    observed::Deployment {
        version: "1".into(),
        template: template(index, seen.template),
        replicas: seen.replicas.into(),
        settled: seen.settled,
        sealed: question.sealed & (16 << index) != 0,
        pods: pods(world, &question.view, index, &question.view.pods[index]),
        references: references(world, &question.view, index),
        ..observed::Deployment::default()
    }
}

/// The hash of a template.
pub(crate) fn template(side: usize, template: u8) -> String {
    format!("{}-{template}", side_name(side))
}

fn pods(world: &World, view: &Cluster, side: usize, pods: &[Pod; SLOTS]) -> Vec<observed::Pod> {
    let (workload, colour) = (side / 2, colour(side));
    let shown = |slot| view.slices[preview(workload)] & endpoint(colour, slot) != 0;
    let hides = world.preview && !serves(world, view, workload, colour);
    let there = pods.iter().enumerate().filter(|(_, pod)| pod.life != Life::Absent);
    there
        .map(|(slot, pod)| observed::Pod {
            name: pod_name(side, slot),
            current: pod.template == view.deployments[side].template,
            ready_since: (pod.life == Life::Ready).then_some(READY),
            available: pod.life == Life::Ready,
            deleting: pod.life == Life::Deleting,
            drained: world.drained,
            unfit: (hides && !shown(slot)).then(|| "the preview does not list it".into()),
            ..observed::Pod::default()
        })
        .collect()
}

/// Whether all Services of a workload select this colour.
pub(crate) fn serves(world: &World, view: &Cluster, workload: usize, colour: Colour) -> bool {
    world.services_of(workload).all(|service| view.services.ours[service].points_at == Some(colour))
}

fn references(world: &World, view: &Cluster, index: usize) -> Vec<String> {
    let ours = world.services_of(index / 2).filter(|&service| {
        view.services.ours[service].points_at.is_some_and(|colour| colour as usize == index % 2)
    });
    let other = view.services.other.filter(|&other| usize::from(other) == index);
    ours.map(service_name).chain(other.map(|_| "other".into())).collect()
}

fn route(question: &Question, index: usize) -> observed::Route {
    let service = question.view.services.ours[index];
    let slices = question.view.slices[index];
    let listed = |colour| (0..SLOTS).filter(move |&slot| slices & endpoint(colour, slot) != 0);
    let of = |colour| {
        listed(colour).map(move |slot| observed::Endpoint {
            pod: pod_name(side(workload_of(index), colour), slot),
            colour: Some(colour),
            ready: true,
        })
    };
    observed::Route {
        version: "1".into(),
        points_at: service.points_at,
        mark: service.mark.map(|colour| Mark { owner: Owner::This, colour, n: 1 }),
        manager: "somebody".into(),
        sealed: question.sealed & (1 << index) != 0,
        evidence: Colour::BOTH.into_iter().flat_map(of).collect(),
        ..observed::Route::default()
    }
}

/// A write as a world has it.
pub(crate) fn compact(write: &rollout::Write) -> Option<Write> {
    let index = |name: fn(usize) -> String, count: usize, searched: &str| {
        (0..count).find(|&index| name(index) == searched).and_then(|index| u8::try_from(index).ok())
    };
    match (&write.object, write.change) {
        (Object::Service(name), Change::Point { to, .. }) => {
            index(service_name, ROUTES, name).map(|service| Write::Point { service, to })
        }
        (Object::Service(name), _) => {
            index(service_name, ROUTES, name).map(|service| Write::SealService { service })
        }
        (Object::Deployment(name), Change::Scale { replicas }) => index(side_name, FOUR, name)
            .map(|side| Write::Scale { side, replicas: u8::try_from(replicas).unwrap_or(u8::MAX) }),
        (Object::Deployment(name), _) => index(side_name, FOUR, name).map(|side| Write::SealSide { side }),
        (Object::Autoscaler(_), _) => None,
    }
}
