//! Why a release is where it is: a stable word each, for alerts and scripts, and a sentence for a person.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($word:ident: $sentence:literal, $next:literal;)*) => {
        /// Why a release is where it is. The word is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum Reason {
            $(#[doc = $sentence] $word,)*
        }

        impl Reason {
            /// All of them, in the order of a release.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];

            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$word => stringify!($word),)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$word => $sentence,)* }
            }

            /// What comes next, or who can do what.
            #[must_use]
            pub const fn next(self) -> &'static str {
                match self { $(Self::$word => $next,)* }
            }
        }
    };
}

reasons! {
    Switched: "All Services select the wished colour.", "Nothing is to be done.";
    Paused: "The release is paused, and nothing new is begun.", "Set `spec.paused` to false.";
    VersionAwaited: "A pod template does not have the version that the release names.", "Apply the new side's Deployment.";
    AutoscalerTooSmall: "An autoscaler allows fewer replicas than the switch needs.", "Raise its `maxReplicas`.";
    ScalingUp: "A new side is not yet of the size that it needs.", "Its Deployment is scaled up; look at it and at quotas if that takes long.";
    PodsUnready: "A new side's pods are not all of the current template and ready.", "Look at the pod that the message names.";
    PodsUnfit: "A pod of a new side does not fit one of its Services or the preview.", "Put its labels and ports right, or the Service's.";
    GateRunning: "A gate is asked.", "It passes, fails, or runs into the deadline.";
    ApprovalMissing: "A gate waits for a person.", "`kubectl switchyard approve NAME GATE`.";
    Checking: "Pods and Services are read from the API server once more before anything is written.", "It goes on by itself.";
    Sealing: "What an earlier leader or a write of unknown result may still change is sealed first.", "It goes on by itself.";
    Pointing: "The Services are pointed at their new side.", "It goes on by itself.";
    EvidenceAwaited: "A Service's endpoints do not yet show that the switch has reached them.", "They follow; a pod that is not ready is named.";
    OldSideDraining: "The old side ends what it has begun.", "It goes on when its pods report nothing open, or at `drain.max`.";
    StillReferenced: "A side that should shrink is selected by another Service.", "Move that Service, or annotate it with `switchyard.dev/ignore: \"true\"`.";
    Aborted: "The wish went back while the switch was under way.", "The traffic goes back.";
    TemplateChanged: "The new side's pod template changed while it was switched to.", "The traffic goes back, and the release begins anew.";
    Broken: "The side that serves has too few ready pods or endpoints.", "The traffic went back; release something else, or raise `spec.attempt`.";
    GateFailed: "A gate failed.", "Release something else, change the gate, or raise `spec.attempt`.";
    DeadlineExceeded: "The release took longer than `spec.progressDeadline`.", "Release something else, or raise `spec.attempt`.";
    Incomplete: "A switch was found half done.", "The traffic goes back, and the release begins anew.";
    NoWayBack: "There is no side that could take the traffic back at once.", "A wish for the other side is a release with gates.";
    OldSideUnready: "The traffic should go back, but the old side cannot take it.", "It is scaled up and gets the traffic as soon as it can.";
    BothSidesUnready: "Neither side has ready pods.", "The first that recovers gets the traffic.";
    ForeignChange: "Somebody else changed a Service's selector.", "Point it where the message says, or remove the annotation `switchyard.dev/switch` to have it taken over as it stands.";
    NoColour: "A Service selects no colour.", "`kubectl switchyard adopt`, once the wished side is ready.";
    ServiceMissing: "A Service does not exist.", "Create it, or take it out of the release.";
    ServiceUnsuitable: "A Service is of a kind that cannot be switched.", "Give it a selector, no external name, and no `publishNotReadyAddresses`.";
    DeploymentMissing: "A Deployment does not exist.", "Create it, or take it out of the release.";
    Overlapping: "Pods are selected by more than one Deployment.", "Give the Deployments selectors of their own.";
    KedaManaged: "A Deployment is scaled by KEDA.", "Use an ordinary autoscaler, or none.";
    OwnedByOther: "A Service or Deployment belongs to another BlueGreen.", "Take it out of one of them.";
    WriteRefused: "The API server refuses a write.", "Give the operator the right that the message names, or put the object right.";
    Illegal: "The specification is not one that the API server should have let through.", "Apply it again, with the resource definition of this version.";
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// `docs/operator/reasons.md`, as it must be.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Reasons\n\nWhat `status.reason` of a BlueGreen says, in the order of a release. Generated by `cargo xtask crds`.\n\n| reason | what it means | what comes next |\n|---|---|---|\n",
    );
    for reason in Reason::ALL {
        text.push_str(&format!("| `{reason}` | {} | {} |\n", reason.sentence(), reason.next()));
    }
    text
}
