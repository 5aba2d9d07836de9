//! `explain`: why a release is where it is, by which rule, what comes next, and what a person can do.

mod next;
mod rule;

use kube::ResourceExt;
use rollout::{BlueGreen, Colour, Phase, Reason, Status, Time};

pub use self::next::next_step;
use self::{
    next::{choices, next},
    rule::{Rule, rule},
};
use crate::{
    intent::current,
    text::{Line, Paint, entry, span::short},
};

/// The explanation, in lines of at most `width` characters.
#[must_use]
pub fn explain(object: &BlueGreen, now: Time, width: usize) -> Vec<Line> {
    let name = object.name_any();
    let Some(status) = current(object) else {
        let never = "The operator has not looked at it yet";
        let changed = "The operator has not yet seen the latest change";
        return unseen(&name, if object.status.is_some() { changed } else { never }, width);
    };
    let mut lines = vec![where_it_is(&name, object, status, now)];
    let reason = status.reason.unwrap_or(Reason::Switched);
    lines.extend(entry("why", &format!("{reason}: {}", status.message), width));
    let Rule { number, title, says } = rule(reason, status);
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
        "`kubectl switchyard check --operator=NAMESPACE:SERVICEACCOUNT`: whether it may do what it needs",
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
