//! Whether a release has come to its end, and to which.

use rollout::{Active, BlueGreen, Colour, Phase, Status};

use crate::{explain::next_step, failure::Exit, intent::current};

/// What is waited for, and from when on the status tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The wish.
    wish: Colour,
    /// The status must have seen this generation.
    generation: i64,
    /// The release that the status told of before, where only Deployments were changed: its end is not the end of ours.
    former: Option<String>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The operator has not seen what is waited for: the status is of what was before.
    Unseen,
    /// It goes on.
    Waiting,
    /// It has ended.
    Ended(Exit),
}

impl Awaited {
    /// The end of what `written` wishes for; `before` is the object as it was before anything was written.
    #[must_use]
    pub fn after(before: &BlueGreen, written: &BlueGreen) -> Self {
        let generation = written.metadata.generation.unwrap_or_default();
        let same = before.metadata.generation == written.metadata.generation;
        // Nothing was wished anew: a failure that is known already is of the pods as they were.
        let held = before.status.as_ref().filter(|status| same && status.phase == Phase::Held);
        Self { wish: written.spec.active, generation, former: held.and_then(|status| status.release.clone()) }
    }

    /// The end of what is wished as it stands.
    #[must_use]
    pub fn of(now: &BlueGreen) -> Self {
        Self { wish: now.spec.active, generation: now.metadata.generation.unwrap_or_default(), former: None }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn verdict(&self, now: &BlueGreen) -> Verdict {
        if now.spec.active != self.wish {
            return Verdict::Ended(Exit::Superseded);
        }
        match &now.status {
            Some(status) if status.observed_generation >= self.generation => self.judge(status),
            _ => Verdict::Unseen,
        }
    }

    fn judge(&self, status: &Status) -> Verdict {
        let served = status.active == Some(Active::from(self.wish));
        match status.phase {
            Phase::Stable if served => Verdict::Ended(Exit::Done),
            Phase::Held if self.former.is_some() && self.former == status.release => Verdict::Unseen,
            // `cause` is of this release: each begins without one.
            Phase::Held if !served && status.cause.is_some() => Verdict::Ended(Exit::GoneBack),
            Phase::Held => Verdict::Ended(Exit::Held),
            _ => Verdict::Waiting,
        }
    }
}

/// What is said once it has ended, and what to do.
#[must_use]
pub fn ending(exit: Exit, now: &BlueGreen) -> String {
    let (name, wish) = (now.metadata.name.as_deref().unwrap_or_default(), now.spec.active);
    let status = now.status.clone().unwrap_or_default();
    let message = &status.message;
    let next = status.reason.map_or_else(String::new, |reason| next_step(now, &status, reason));
    match exit {
        Exit::Done => format!("{name} is Stable: {wish} serves"),
        Exit::Held => format!("{name} is Held: {message}\n{next}"),
        Exit::GoneBack => format!("{name} went back, {} serves: {message}\n{next}", wish.other()),
        Exit::TimedOut if current(now).is_none() => format!(
            "the operator has not seen what is wished of {name}: does it run, lead, and watch this namespace?\nit goes on without you once it does: `kubectl switchyard status {name} -w`"
        ),
        Exit::TimedOut => format!(
            "{name} is still {}: {message}\nit goes on without you: `kubectl switchyard status {name} -w`; to call it off: `kubectl switchyard abort {name}`",
            status.phase
        ),
        Exit::Superseded => format!("the wish of {name} was changed to {wish} in the meantime"),
        Exit::Failed | Exit::Usage | Exit::Refused => message.clone(),
    }
}

/// A line of how far it is, for logs.
#[must_use]
pub fn progress(status: &Status) -> String {
    let reason = status.reason.map_or("", rollout::Reason::word);
    format!("{:<13} {reason:<16} {}", status.phase.to_string(), status.message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{shop, stable};

    fn ended(awaited: &Awaited, now: &BlueGreen) -> Option<Exit> {
        match awaited.verdict(now) {
            Verdict::Unseen | Verdict::Waiting => None,
            Verdict::Ended(exit) => Some(exit),
        }
    }

    fn green(status: serde_json::Value) -> BlueGreen {
        shop("green", status)
    }

    #[test]
    fn each_end_has_its_exit_code() {
        let awaited = Awaited::of(&green(json!({})));
        let ends = [
            (json!({"phase": "Stable", "active": "green"}), Some(Exit::Done)),
            (json!({"phase": "Stable", "active": "blue"}), None),
            (json!({"phase": "Gating", "active": "blue"}), None),
            (json!({"phase": "SwitchingBack", "active": "mixed", "cause": "Broken"}), None),
            (json!({"phase": "Held", "heldIn": "Gating", "active": "blue"}), Some(Exit::Held)),
            (
                json!({"phase": "Held", "heldIn": "Stable", "active": "blue", "cause": "Broken"}),
                Some(Exit::GoneBack),
            ),
            (json!({"phase": "Stable", "active": "green", "observedGeneration": 6}), None),
        ];
        for (status, exit) in ends {
            assert_eq!(ended(&awaited, &green(status.clone())), exit, "{status}");
        }
        assert_eq!(ended(&awaited, &stable("blue")), Some(Exit::Superseded));
    }

    #[test]
    fn what_the_operator_has_not_seen_is_not_told_of() {
        let awaited = Awaited::of(&green(json!({})));
        let mut unseen = green(json!({"phase": "Stable", "active": "blue", "observedGeneration": 6}));
        assert_eq!(awaited.verdict(&unseen), Verdict::Unseen);
        assert!(
            ending(Exit::TimedOut, &unseen).starts_with("the operator has not seen what is wished of shop")
        );
        unseen.status = None;
        assert_eq!(awaited.verdict(&unseen), Verdict::Unseen);
        assert_eq!(awaited.verdict(&green(json!({"phase": "Gating", "active": "blue"}))), Verdict::Waiting);
    }

    #[test]
    fn a_failure_that_was_known_before_new_images_is_not_their_end() {
        let before = green(json!({"phase": "Held", "heldIn": "Gating", "active": "blue", "release": "old"}));
        let awaited = Awaited::after(&before, &before);
        assert_eq!(awaited.verdict(&before), Verdict::Unseen);
        let new = json!({"phase": "Held", "heldIn": "Gating", "active": "blue", "release": "new"});
        assert_eq!(ended(&awaited, &green(new)), Some(Exit::Held));
    }

    #[test]
    fn the_end_is_told_with_what_to_do() {
        let object = green(
            json!({"phase": "Held", "active": "blue", "reason": "GateFailed", "message": "gate smoke: 500"}),
        );
        assert_eq!(
            ending(Exit::GoneBack, &object),
            "shop went back, blue serves: gate smoke: 500\nRelease something else, change the gate, or `kubectl switchyard retry shop`."
        );
    }
}
