//! What comes next, and what a person can do.

use kube::ResourceExt;
use rollout::{BlueGreen, GateState, Phase, Reason, Status, Time};

use crate::{
    intent::{approve::approvals, rollback},
    text::span::short,
};

/// What comes next, or who can do what, with this BlueGreen's names.
#[must_use]
pub fn next_step(object: &BlueGreen, status: &Status, reason: Reason) -> String {
    let verb = |verb: &str| format!("`kubectl switchyard {verb} {}`", object.name_any());
    match reason {
        Reason::ApprovalMissing => format!("{}.", approve(object, status)),
        Reason::NoColour => format!("{}, once the wished side is ready.", verb("adopt")),
        Reason::Paused => format!("{}.", verb("resume")),
        _ => reason.next().replace("raise `spec.attempt`", &verb("retry")),
    }
}

/// The next step, what follows on it, and how long there is for it.
pub(super) fn next(object: &BlueGreen, status: &Status, reason: Reason, now: Time) -> String {
    let mut text = next_step(object, status, reason);
    let follows = match status.phase {
        Phase::Preparing => " Then the `before` gates.",
        Phase::Gating => " Then the Services are switched.",
        Phase::Switching => " Then the `after` gates.",
        Phase::Verifying => " Then the old side drains.",
        Phase::Draining => " Then it is Stable.",
        Phase::SwitchingBack => " Then it is Held.",
        Phase::Stable | Phase::Held => "",
    };
    text.push_str(follows);
    if let Some(deadline) = status.deadline {
        let left = short(deadline.since(status.deadline_stopped.unwrap_or(now)));
        let stands = if status.deadline_stopped.is_some() { "stands still, with" } else { "is in" };
        let end = if status.deadline_stopped.is_some() { " left" } else { "" };
        text.push_str(&format!(" The deadline {stands} {left}{end}."));
    }
    text
}

/// What a person can do, and what that leads to: rule 8.
pub(super) fn choices(name: &str, object: &BlueGreen, status: &Status) -> Vec<(String, &'static str)> {
    let verb = |verb: &str| format!("`kubectl switchyard {verb} {name}`");
    let release = format!("`kubectl switchyard release {name} CONTAINER=IMAGE`");
    let failed = status.failed.as_ref().is_some_and(|failed| failed.to == object.spec.active);
    let mut choices = match (status.phase, status.held_in.unwrap_or_default()) {
        (Phase::Preparing | Phase::Gating, _) => {
            vec![(verb("abort"), "the release is dropped, and the new side shrinks")]
        }
        (Phase::Switching | Phase::Verifying, _)
        | (Phase::Held, Phase::Switching | Phase::Verifying | Phase::Draining) => {
            vec![(verb("abort"), "the traffic goes back to the old side")]
        }
        (Phase::Draining, _) => vec![(verb("undo"), "the traffic goes back at once, without gates")],
        (Phase::Stable, _) if rollback(status).is_ok() => {
            vec![(
                verb("undo"),
                "the traffic goes back at once, without gates, while the other side stands ready",
            )]
        }
        (Phase::Stable, _) => {
            vec![(release, "new images on the side that does not serve, and then the switch")]
        }
        (Phase::Held, _) if failed => vec![
            (verb("retry"), "the same is tried again"),
            (release, "something else is released"),
            (verb("abort"), "what serves stays, and the wish says so"),
        ],
        (Phase::Held, _) => vec![("repair what is named".into(), "it goes on by itself")],
        (Phase::SwitchingBack, _) => vec![("another wish".into(), "going back is finished first")],
    };
    if status.reason == Some(Reason::ApprovalMissing) {
        choices.insert(0, (approve(object, status), "the gate passes"));
    }
    if object.spec.paused {
        choices.insert(0, (verb("resume"), "something new may begin"));
    }
    choices
}

/// The command that approves the gate that is waited for.
fn approve(object: &BlueGreen, status: &Status) -> String {
    let passed =
        |gate: &str| status.gates.iter().any(|known| known.name == gate && known.state == GateState::Passed);
    let gate = approvals(object).into_iter().find(|gate| !passed(gate)).unwrap_or_else(|| "GATE".to_owned());
    format!("`kubectl switchyard approve {} {gate}`", object.name_any())
}
