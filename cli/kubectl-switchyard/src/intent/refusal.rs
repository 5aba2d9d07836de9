//! Why nothing is written.

use rollout::{Colour, Phase};

use super::owner::Owner;

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The operator has not looked at the object as it is now.
    #[error("the operator has not yet looked at generation {generation} of BlueGreen `{name}`")]
    NotSeen {
        /// The BlueGreen.
        name: String,
        /// Its generation.
        generation: i64,
    },
    /// The Services do not all select one colour.
    #[error("BlueGreen `{name}` is {phase}, and its Services do not all select one colour: {message}")]
    NoServingColour {
        /// The BlueGreen.
        name: String,
        /// Where it is.
        phase: Phase,
        /// What the operator says.
        message: String,
    },
    /// The side that would be changed is part of what is under way.
    #[error("BlueGreen `{name}` is {phase}, and {side} is what it could still need")]
    UnderWay {
        /// The BlueGreen.
        name: String,
        /// Where it is.
        phase: Phase,
        /// The side that would have been changed.
        side: Colour,
    },
    /// Nothing is under way that could be called off.
    #[error("nothing is under way at BlueGreen `{name}`: {active} serves, as it shall")]
    NothingUnderWay {
        /// The BlueGreen.
        name: String,
        /// What serves.
        active: Colour,
        /// Whether there is a switch that could be undone.
        undoable: bool,
    },
    /// There is no switch to undo.
    #[error("BlueGreen `{0}` has not switched yet")]
    NothingToUndo(String),
    /// A release is under way, and has to be called off instead.
    #[error("BlueGreen `{name}` is {phase}: there is no finished switch to undo")]
    AbortInstead {
        /// The BlueGreen.
        name: String,
        /// Where it is.
        phase: Phase,
    },
    /// Nothing failed.
    #[error("no release of BlueGreen `{0}` has failed")]
    NothingFailed(String),
    /// All of it is so already.
    #[error("BlueGreen `{name}`: the {side} side has these images already, and {side} is the wish")]
    NothingNew {
        /// The BlueGreen.
        name: String,
        /// The side.
        side: Colour,
        /// Whether this release failed as it is.
        failed: bool,
    },
    /// A container that none of the workloads has.
    #[error("no workload of BlueGreen `{name}` has a container `{container}` on its {side} side")]
    NoContainer {
        /// The BlueGreen.
        name: String,
        /// What was named.
        container: String,
        /// The side that was looked at.
        side: Colour,
        /// What there is.
        there: Vec<String>,
    },
    /// A container that several workloads have.
    #[error("several workloads have a container `{container}`")]
    Ambiguous {
        /// What was named.
        container: String,
        /// Where it is.
        there: Vec<String>,
    },
    /// One container was given two images.
    #[error("`{0}` is given two images")]
    Twice(String),
    /// A Deployment does not exist.
    #[error("there is no Deployment `{0}`")]
    NoDeployment(String),
    /// The version is part of a selector, which cannot be changed.
    #[error("Deployment `{0}` selects its pods by their version, so that no other can be given to them")]
    VersionSelected(String),
    /// The operator would wait for another version.
    #[error(
        "the {side} side of workload `{workload}` waits for version `{wanted}`, and its pods would be `{given}`"
    )]
    OtherVersion {
        /// The workload.
        workload: String,
        /// The side.
        side: Colour,
        /// What `spec.workloads[].version` says.
        wanted: String,
        /// What the template would say.
        given: String,
    },
    /// No gate of this name waits for a person.
    #[error("BlueGreen `{name}` has no gate `{gate}` that waits for a person")]
    NoSuchGate {
        /// The BlueGreen.
        name: String,
        /// What was named.
        gate: String,
        /// Those that do.
        there: Vec<String>,
    },
    /// There is no release to approve.
    #[error("no release of BlueGreen `{0}` is under way that could be approved")]
    NothingToApprove(String),
    /// The release is another than the one that was looked at.
    #[error("the release is `{now}`, not `{expected}`")]
    OtherRelease {
        /// What was expected.
        expected: String,
        /// What it is.
        now: String,
    },
    /// Nothing needs adopting.
    #[error("the operator has every Service of BlueGreen `{0}` already")]
    NothingToAdopt(String),
    /// A Service that is another's, or missing, cannot be adopted.
    #[error("Service `{service}` cannot be adopted: {why}")]
    CannotAdopt {
        /// The Service.
        service: String,
        /// Why.
        why: String,
    },
    /// Somebody else writes this, and would write it back.
    #[error("{owner} writes `{field}` of {object}, and would write it back")]
    Owned {
        /// Who.
        owner: Owner,
        /// Of what.
        object: String,
        /// The field.
        field: String,
        /// What is to be committed, as YAML.
        commit: String,
    },
}

impl Refusal {
    /// Whether it is one only until what is under way has ended.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::NotSeen { .. } => true,
            Self::NoServingColour { phase, .. } | Self::UnderWay { phase, .. } => *phase != Phase::Held,
            _ => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::NotSeen { .. } => "is it running, and may it see this namespace? Else try again".into(),
            Self::NoServingColour { name, .. } => {
                format!(
                    "`kubectl switchyard explain {name}` says what it waits for; try again once it is Ready: `kubectl wait bluegreen/{name} --for=condition=Ready`"
                )
            }
            Self::UnderWay { name, phase: Phase::Switching | Phase::Verifying | Phase::Held, .. } => {
                format!(
                    "wait for its end, or bring the traffic back first: `kubectl switchyard abort {name}`"
                )
            }
            Self::UnderWay { name, .. } => {
                format!("wait for its end: `kubectl switchyard status {name} -w`")
            }
            Self::NothingUnderWay { name, undoable: true, .. } => {
                format!("to take the last switch back: `kubectl switchyard undo {name}`")
            }
            Self::NothingToUndo(name) | Self::NothingFailed(name) => {
                format!("to bring the traffic to the other side: `kubectl switchyard promote {name}`")
            }
            Self::AbortInstead { name, .. } => {
                format!("to bring the traffic back: `kubectl switchyard abort {name}`")
            }
            Self::NothingNew { name, failed: true, .. } => {
                format!("it failed as it is; to try again: `kubectl switchyard retry {name}`")
            }
            Self::NothingNew { name, .. } => {
                format!("`kubectl switchyard status {name} -w` shows how it goes")
            }
            Self::NoContainer { there, .. } => format!("there are: {}", there.join(", ")),
            Self::Ambiguous { there, .. } => format!("name one of {}", there.join(", ")),
            Self::NoDeployment(_) => "create it, or take it out of the BlueGreen".into(),
            Self::VersionSelected(_) => {
                "leave --app-version out, or take the label out of its selector".into()
            }
            Self::OtherVersion { wanted, .. } => format!("say --app-version {wanted}, or which one it is"),
            Self::NoSuchGate { there, .. } if there.is_empty() => return None,
            Self::NoSuchGate { there, .. } => format!("there are: {}", there.join(", ")),
            Self::OtherRelease { .. } => "look at it again before you approve it".into(),
            Self::Owned { commit, .. } => {
                format!("commit this instead, or say --force:\n\n{}", indented(commit))
            }
            Self::NothingUnderWay { .. }
            | Self::Twice(_)
            | Self::NothingToApprove(_)
            | Self::NothingToAdopt(_)
            | Self::CannotAdopt { .. } => return None,
        })
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
