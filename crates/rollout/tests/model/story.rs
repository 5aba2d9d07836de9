//! A counterexample as a story: each move, what it leads to, and then what was violated.

use std::fmt::Write as _;

use crate::{
    mind::Mind,
    moves::{Move, Step},
    state::{Life, Pod, State, Write, side},
    world::{service_name, side_name},
};

/// The moves, and what came of them.
pub(crate) fn tell(
    mind: &mut Mind<'_>,
    path: &[(Option<Move>, State)],
    last: Option<&Step>,
    fault: &str,
) -> String {
    let mut text = format!("\nin the world {:?}:\n", mind.world.name);
    let more = last.map(|step| (Some(step.what), step.next));
    let (mut before, mut number) = (None, 0);
    for (what, state) in path.iter().copied().chain(more) {
        let now = lines(mind, &state);
        match what {
            None => {
                let _ = writeln!(text, "  at first\n      {}", now.join("\n      "));
            }
            Some(what) => {
                number += 1;
                let _ = writeln!(text, "{number:3} {}", sentence(what));
            }
        }
        if let Some(before) = before.replace(now.clone()) {
            for line in now.iter().filter(|line| !before.contains(line)) {
                let _ = writeln!(text, "      {line}");
            }
        }
        if what.is_some() && number == path.len() - 1 + usize::from(last.is_some()) {
            let _ = writeln!(text, "  at last\n      {}", now.join("\n      "));
        }
    }
    let _ = writeln!(text, "VIOLATED: {fault}");
    text
}

fn sentence(what: Move) -> String {
    let pod = |side: u8, slot: u8| format!("pod {slot} of {}", side_name(side.into()));
    match what {
        Move::Reconcile => "the operator plans, and writes".into(),
        Move::Unknown { write } => format!("the operator plans, and hears nothing of write {write}"),
        Move::Crash { landed, stored } => {
            format!("the operator plans, and crashes: writes {landed:b} landed, status stored: {stored}")
        }
        Move::Leader { write, others, stored } => {
            format!(
                "the operator plans, and another one leads: late {write:?}, others landed: {others}, status stored: {stored}"
            )
        }
        Move::Endpoints { service } => {
            format!("the endpoints of {} are written", service_name(service.into()))
        }
        Move::Points { service } => format!("somebody points {} elsewhere", service_name(service.into())),
        Move::Repairs { service, annotation } => {
            format!("somebody puts {} right (by its annotation: {annotation})", service_name(service.into()))
        }
        Move::Removes { service } => format!("somebody deletes {}", service_name(service.into())),
        Move::Remakes { service, at } => {
            format!("somebody makes {} anew, at {at}", service_name(service.into()))
        }
        Move::Settles { side } => format!("the Deployment controller sees {}", side_name(side.into())),
        Move::Creates { side } => format!("a pod of {} is made", side_name(side.into())),
        Move::Deletes { side, slot } => format!("{} is being deleted", pod(side, slot)),
        Move::Gone { side, slot } => format!("{} is gone", pod(side, slot)),
        Move::Ready { side, slot } => format!("{} becomes Ready", pod(side, slot)),
        Move::Breaks { side, slot } => format!("{} breaks", pod(side, slot)),
        Move::Heals { side, slot } => format!("{} is mended", pod(side, slot)),
        Move::Template { side } => format!("{} gets another template", side_name(side.into())),
        Move::Scales { side } => format!("somebody scales {} to nothing", side_name(side.into())),
        Move::Refers { side } => format!("a Service of somebody else selects {}", side_name(side.into())),
        Move::Lands => "the write in flight lands, if it does not conflict".into(),
        Move::Lost => "the write in flight is lost".into(),
        Move::Watch(_) | Move::Wishes(_) | Move::Answers { .. } | Move::Passes(_) => format!("{what:?}"),
    }
}

fn lines(mind: &Mind<'_>, state: &State) -> Vec<String> {
    let status = mind.status(state.status);
    let mut lines = vec![format!(
        "wish {}{} attempt {}",
        state.wish.active,
        if state.wish.paused { ", paused" } else { "" },
        state.wish.attempt
    )];
    for (name, cluster) in [("", state.truth()), ("cache: ", state.view())] {
        if name == "cache: " && cluster == state.truth() {
            continue;
        }
        for workload in mind.world.workloads() {
            for index in [side(workload, rollout::Colour::Blue), side(workload, rollout::Colour::Green)] {
                let seen = cluster.deployments[index];
                let pods: Vec<_> = cluster.pods[index].iter().map(pod).collect();
                let settled = if seen.settled { "" } else { ", not yet seen" };
                lines.push(format!(
                    "{name}{}: {} of template {}{settled}, pods {}",
                    side_name(index),
                    seen.replicas,
                    seen.template,
                    pods.join(" ")
                ));
            }
        }
        for service in mind.world.routes() {
            let seen = cluster.services.ours[service];
            lines.push(format!(
                "{name}{} at {:?}, annotated {:?}, endpoints {:06b}",
                service_name(service),
                seen.points_at,
                seen.mark,
                cluster.slices[service]
            ));
        }
    }
    lines.push(format!(
        "sealed {:08b}, in flight {}",
        state.sealed,
        state.in_flight.map_or("nothing".into(), |flight| format!(
            "{} (fresh: {})",
            write(flight.write),
            flight.fresh
        ))
    ));
    lines.push(format!(
        "status {}{} to {:?}, way back {}, deadline {:?}, draining {:?}, drained {:?}, returned {}",
        status.phase,
        status.held_in.map_or(String::new(), |held| format!(" in {held}")),
        status.to,
        status.way_back,
        status.deadline,
        status.draining_since,
        status.drained_at,
        status.returned
    ));
    lines.push(format!(
        "remembers {:?}",
        status
            .services
            .iter()
            .map(|known| (
                known.name.as_str(),
                known.pointed_at.is_some(),
                known.recorded,
                known.proven,
                known.dark_since
            ))
            .collect::<Vec<_>>()
    ));
    lines.push(format!(
        "gates {:?} {:?}, failed {:?}",
        state.before,
        state.after,
        status.failed.as_ref().map(|failed| (failed.to, failed.reason))
    ));
    lines
}

fn pod(pod: &Pod) -> String {
    let life = match pod.life {
        Life::Absent => return "-".into(),
        Life::Pending => "pending",
        Life::Ready => "ready",
        Life::Sick => "sick",
        Life::Deleting => "deleting",
    };
    format!("{life}:{}", pod.template)
}

fn write(write: Write) -> String {
    format!("{write:?}")
}
