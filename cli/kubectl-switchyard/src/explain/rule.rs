//! The rules that the operator keeps, and which of them a reason comes from.

use rollout::{Phase, Reason, Status};

/// A rule that the operator keeps.
pub(super) struct Rule {
    pub(super) number: u8,
    pub(super) title: &'static str,
    pub(super) says: &'static str,
}

/// The rule that a reason comes from.
pub(super) fn rule(reason: Reason, status: &Status) -> Rule {
    let phase = status.at();
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

const READY_FIRST: Rule = Rule {
    number: 1,
    title: "ready first",
    says: "before a switch every pod of the new side is of its current template, ready and fit for each Service, there are as many as the old side has, and every `before` gate has passed for this very release.",
};
const EVIDENCE: Rule = Rule {
    number: 2,
    title: "evidence",
    says: "a switch counts once the endpoints of every Service show the new side's pods and none of the other's.",
};
const WAY_BACK: Rule = Rule {
    number: 3,
    title: "the way back stays open",
    says: "the old side keeps its full size until the endpoints have moved, the `after` gates have passed and it has ended what it began.",
};
const BRANCH: Rule = Rule {
    number: 4,
    title: "never cut a branch that is sat on",
    says: "no side shrinks that a Service selects, and no autoscaler may shrink one that a switch needs.",
};
const BACK_AT_ONCE: Rule = Rule {
    number: 5,
    title: "back at once",
    says: "what breaks after the first write goes back to the old side as soon as that can take it, and never waits for the new one.",
};
const FOREIGN_HANDS: Rule = Rule {
    number: 6,
    title: "foreign hands",
    says: "what somebody else has changed, or what is not as a switch needs it, is named and left alone; nobody is fought.",
};
const GUARDED: Rule = Rule {
    number: 7,
    title: "guarded writes",
    says: "every write names the version that it was planned from, and what may still be in flight is made to fail first.",
};
const WISH: Rule = Rule {
    number: 8,
    title: "the wish may change at any moment",
    says: "what is under way then ends, goes back or is dropped, by where it is.",
};
