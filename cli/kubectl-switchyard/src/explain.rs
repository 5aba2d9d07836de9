//! `explain`: why a release is where it is, by which rule, what comes next, and what a person can do.

use kube::ResourceExt;
use rollout::{BlueGreen, Colour, GateState, Phase, Reason, Status, Time};

use crate::{
    intent::{approve::approvals, rollback},
    text::{Line, Paint, span::short, wrapped},
};

/// A rule that the operator keeps: its number, its name, and what it says.
type Rule = (u8, &'static str, &'static str);

const READY_FIRST: Rule = (
    1,
    "ready first",
    "before a switch every pod of the new side is of its current template, ready and fit for each Service, there are as many as the old side has, and every `before` gate has passed for this very release.",
);
const EVIDENCE: Rule = (
    2,
    "evidence",
    "a switch counts once the endpoints of every Service show the new side's pods and none of the other's.",
);
const WAY_BACK: Rule = (
    3,
    "the way back stays open",
    "the old side keeps its full size until the endpoints have moved, the `after` gates have passed and it has ended what it began.",
);
const BRANCH: Rule = (
    4,
    "never cut a branch that is sat on",
    "no side shrinks that a Service selects, and no autoscaler may shrink one that a switch needs.",
);
const BACK_AT_ONCE: Rule = (
    5,
    "back at once",
    "what breaks after the first write goes back to the old side as soon as that can take it, and never waits for the new one.",
);
const FOREIGN_HANDS: Rule = (
    6,
    "foreign hands",
    "what somebody else has changed, or what is not as a switch needs it, is named and left alone; nobody is fought.",
);
const GUARDED: Rule = (
    7,
    "guarded writes",
    "every write names the version that it was planned from, and what may still be in flight is made to fail first.",
);
const WISH: Rule = (
    8,
    "the wish may change at any moment",
    "what is under way then ends, goes back or is dropped, by where it is.",
);

/// The rule that a reason comes from.
fn rule(reason: Reason, phase: Phase) -> Rule {
    match reason {
        Reason::GateRunning | Reason::ApprovalMissing | Reason::Switched if phase == Phase::Verifying => {
            WAY_BACK
        }
        // Before the first write there is nothing to bring back.
        Reason::GateFailed | Reason::DeadlineExceeded if phase <= Phase::Gating => READY_FIRST,
        Reason::VersionAwaited
        | Reason::ScalingUp
        | Reason::PodsUnready
        | Reason::PodsUnfit
        | Reason::GateRunning
        | Reason::ApprovalMissing
        | Reason::Checking => READY_FIRST,
        Reason::Pointing | Reason::EvidenceAwaited => EVIDENCE,
        Reason::Switched | Reason::OldSideDraining => WAY_BACK,
        Reason::AutoscalerTooSmall | Reason::StillReferenced => BRANCH,
        Reason::Broken
        | Reason::GateFailed
        | Reason::DeadlineExceeded
        | Reason::Incomplete
        | Reason::OldSideUnready
        | Reason::BothSidesUnready
        | Reason::NoWayBack => BACK_AT_ONCE,
        Reason::Sealing => GUARDED,
        Reason::Paused | Reason::Aborted | Reason::TemplateChanged => WISH,
        // All others name what is in the way.
        _ => FOREIGN_HANDS,
    }
}

/// The explanation, in lines of at most `width` characters.
#[must_use]
pub fn explain(object: &BlueGreen, now: Time, width: usize) -> Vec<Line> {
    let name = object.name_any();
    let generation = object.metadata.generation.unwrap_or_default();
    let Some(status) = object.status.as_ref() else {
        return unseen(&name, "The operator has not looked at it yet", width);
    };
    if status.observed_generation < generation {
        return unseen(&name, "The operator has not yet seen the latest change", width);
    }
    let mut lines = vec![where_it_is(&name, object, status, now)];
    let reason = status.reason.unwrap_or(Reason::Switched);
    lines.extend(entry("why", &format!("{reason}: {}", status.message), width));
    let (number, title, says) = rule(reason, at(status));
    lines.extend(entry("rule", &format!("{number}, {title}: {says}"), width));
    lines.extend(entry("next", &next(object, status, reason, now), width));
    for (verb, effect) in choices(&name, object, status) {
        lines.extend(entry("you", &format!("{verb}: {effect}"), width));
    }
    lines
}

fn unseen(name: &str, what: &str, width: usize) -> Vec<Line> {
    let mut lines =
        vec![vec![(Paint::Strong, name.to_owned()), (Paint::Warning, " is not looked at yet".into())]];
    lines.extend(entry("why", &format!("{what}: does it run, lead, and watch this namespace?"), width));
    lines.extend(entry(
        "you",
        "`kubectl switchyard check --operator NAMESPACE:SERVICEACCOUNT`: whether it may do what it needs",
        width,
    ));
    lines
}

fn where_it_is(name: &str, object: &BlueGreen, status: &Status, now: Time) -> Line {
    let to = status.to.unwrap_or(object.spec.active);
    let since = status.since.map_or_else(String::new, |since| format!(" for {}", short(now.since(since))));
    let said = sentence(status.phase, status.held_in, to);
    vec![(Paint::Strong, name.to_owned()), (Paint::Plain, format!(" is {}{since}: {said}", status.phase))]
}

fn sentence(phase: Phase, held_in: Option<Phase>, to: Colour) -> String {
    let from = to.other();
    match phase {
        Phase::Stable => "nothing is under way.".into(),
        Phase::Preparing => format!("{to} is scaled up and gets ready, while {from} serves."),
        Phase::Gating => format!("{to} is ready, and is asked before it gets any traffic."),
        Phase::Switching => format!("the Services are pointed from {from} to {to}."),
        Phase::Verifying => format!("{to} serves and is watched, while {from} stands ready."),
        Phase::Draining => format!("{to} serves, and {from} ends what it has begun."),
        Phase::SwitchingBack => format!("the traffic goes back from {to} to {from}."),
        Phase::Held => {
            let held_in = held_in.unwrap_or_default();
            format!("it was {held_in}, and nothing is done until somebody changes something.")
        }
    }
}

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

/// The command that approves the gate that is waited for.
fn approve(object: &BlueGreen, status: &Status) -> String {
    let passed =
        |gate: &str| status.gates.iter().any(|known| known.name == gate && known.state == GateState::Passed);
    let gate = approvals(object).into_iter().find(|gate| !passed(gate)).unwrap_or_else(|| "GATE".to_owned());
    format!("`kubectl switchyard approve {} {gate}`", object.name_any())
}

fn next(object: &BlueGreen, status: &Status, reason: Reason, now: Time) -> String {
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
fn choices(name: &str, object: &BlueGreen, status: &Status) -> Vec<(String, &'static str)> {
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

fn at(status: &Status) -> Phase {
    if status.phase == Phase::Held { status.held_in.unwrap_or_default() } else { status.phase }
}

fn entry(head: &str, text: &str, width: usize) -> Vec<Line> {
    let lines = wrapped(text, width.saturating_sub(8).max(20));
    let head = |first: bool| (Paint::Dim, format!("  {:<6}", if first { head } else { "" }));
    lines.into_iter().enumerate().map(|(at, text)| vec![head(at == 0), (Paint::Plain, text)]).collect()
}

#[cfg(test)]
mod tests {
    use rollout::Reason;
    use serde_json::json;

    use super::*;
    use crate::testing::{in_readme, now, plain, shop, stable};

    #[test]
    fn a_release_that_waits_for_a_person_names_the_command() {
        let status = json!({
            "phase": "Gating", "active": "blue", "to": "green", "release": "3f9c",
            "reason": "ApprovalMissing", "message": "A gate waits for a person. gate sign-off",
            "deadline": "2026-11-28T12:08:00Z", "deadlineStopped": "2026-11-28T11:59:50Z",
        });
        in_readme(&plain(&explain(&shop("green", status), now(), 100)));
    }

    #[test]
    fn every_reason_is_explained_in_every_phase() {
        let phases =
            ["Stable", "Preparing", "Gating", "Switching", "Verifying", "Draining", "SwitchingBack", "Held"];
        for reason in Reason::ALL {
            for phase in phases {
                let status = json!({"phase": phase, "active": "blue", "to": "green", "reason": reason});
                let text = plain(&explain(&shop("green", status), now(), 80));
                for part in ["why", "rule", "next", "you"] {
                    assert!(
                        text.contains(&format!("\n  {part:<6}")),
                        "{reason} in {phase} has no {part}:\n{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_no_operator_has_seen_is_said_to_be_so() {
        let mut object = stable("blue");
        object.status = None;
        let text = plain(&explain(&object, now(), 100));
        assert!(
            text.starts_with("shop is not looked at yet\n  why   The operator has not looked at it yet"),
            "{text}"
        );
    }
}
