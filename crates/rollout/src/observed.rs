//! What is seen of the cluster when a plan is made. It knows no selectors: whoever observes says where a route points and whom a
//! pod fits.

use std::collections::BTreeMap;

use crate::{Colour, Time};

/// Everything that a plan looks at besides the specification and the status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Observed {
    /// The BlueGreen's uid.
    pub uid: String,
    /// The BlueGreen's generation.
    pub generation: i64,
    /// The values of its annotations `approve.switchyard.dev/GATE`, by gate.
    pub approvals: BTreeMap<String, String>,
    /// What it names, by the name of the workload.
    pub workloads: BTreeMap<String, Workload>,
    /// What the gates that run for `status.release` have answered, by gate.
    pub gates: BTreeMap<String, Answers>,
    /// What was read from the API server itself, by a quorum read, in this reconcile.
    pub live: Option<Live>,
}

/// A workload: two sides, and the routes before them. What does not exist is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Workload {
    /// The blue side's Deployment.
    pub blue: Option<Deployment>,
    /// The green side's Deployment.
    pub green: Option<Deployment>,
    /// The routes by name.
    pub routes: BTreeMap<String, Route>,
    /// The preview, if one is declared and exists. Its evidence is not looked at.
    pub preview: Option<Route>,
}

impl Workload {
    /// The Deployment of that side.
    #[must_use]
    pub fn side(&self, colour: Colour) -> Option<&Deployment> {
        match colour {
            Colour::Blue => self.blue.as_ref(),
            Colour::Green => self.green.as_ref(),
        }
    }
}

/// A Deployment and its pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deployment {
    /// The resourceVersion that was read.
    pub version: String,
    /// The hash of its pod template; at most 64 characters are remembered.
    pub template: String,
    /// The template's label `app.kubernetes.io/version`.
    pub app: Option<String>,
    /// The template's images.
    pub images: Vec<String>,
    /// `spec.replicas`.
    pub replicas: i32,
    /// How many of them may be away while it rolls.
    pub max_unavailable: i32,
    /// Whether its controller has seen its latest generation.
    pub settled: bool,
    /// The number of its annotation `switchyard.dev/seal`.
    pub seal: u64,
    /// Whether this leader has changed it, or sealed it, since it leads and since its last write of unknown result.
    pub sealed: bool,
    /// Its pods.
    pub pods: Vec<Pod>,
    /// What scales it.
    pub autoscaler: Option<Autoscaler>,
    /// The Services of the namespace that select its pods, this BlueGreen's own included, but neither its preview nor those
    /// that are annotated to be ignored.
    pub references: Vec<String>,
    /// Why it cannot be used.
    pub obstacle: Option<DeploymentObstacle>,
    /// What the API server says when it is written, other than a conflict or too many requests. It stays until another try,
    /// such as a dry run, has found it gone: while it stands, no plan writes the object.
    pub refused: Option<String>,
}

/// Why a Deployment cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DeploymentObstacle {
    /// Its selector matches the pods of this other one.
    Overlaps(String),
    /// KEDA scales it, by the ScaledObject of this name.
    Keda(String),
    /// This other, older BlueGreen names it.
    OwnedBy(String),
}

/// An autoscaler that targets a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Autoscaler {
    /// Its name.
    pub name: String,
    /// The resourceVersion that was read.
    pub version: String,
    /// Its `minReplicas`.
    pub min: i32,
    /// Its `maxReplicas`.
    pub max: i32,
    /// The `minReplicas` that stands in its annotation, while it is raised.
    pub former: Option<i32>,
    /// What it was raised to, as its other annotation says. Another `minReplicas` than this was set by somebody else since.
    pub raised: Option<i32>,
}

impl Autoscaler {
    /// Its `minReplicas`, as its owner has set it: before it was raised, or since.
    #[must_use]
    pub fn own_min(&self) -> i32 {
        self.former.filter(|_| !self.is_overruled()).unwrap_or(self.min)
    }

    /// Whether somebody else has set its `minReplicas` since it was raised.
    #[must_use]
    pub fn is_overruled(&self) -> bool {
        self.former.is_some() && self.raised.is_some_and(|raised| raised != self.min)
    }
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Whether it is of the Deployment's current template.
    pub current: bool,
    /// Since when it is Ready.
    pub ready_since: Option<Time>,
    /// Whether it has been Ready for `minReadySeconds`.
    pub available: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What it lacks of a Service's whole selector or ports, or of the preview's slices, in a sentence.
    pub unfit: Option<String>,
    /// Its own reason for not being ready, such as `ImagePullBackOff`.
    pub waits: Option<String>,
    /// Whether its `GET /drain` shows zeros.
    pub drained: bool,
}

impl Pod {
    /// Whether it is Ready and stays.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.ready_since.is_some() && !self.deleting
    }
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// The resourceVersion that was read.
    pub version: String,
    /// The colour that its selector has; none if it has no valid one.
    pub points_at: Option<Colour>,
    /// The annotation `switchyard.dev/switch`.
    pub mark: Option<Mark>,
    /// The field manager that changed the selector last.
    pub manager: String,
    /// Whether it may be taken over although it selects no colour.
    pub adopt: bool,
    /// Why it cannot be switched, in a sentence.
    pub unsuitable: Option<String>,
    /// An older BlueGreen that names it too.
    pub rival: Option<String>,
    /// Whether this leader has changed it, or sealed it, since it leads and since its last write of unknown result.
    pub sealed: bool,
    /// What its slices show, merged.
    pub evidence: Vec<Endpoint>,
    /// As [`Deployment::refused`].
    pub refused: Option<String>,
}

/// Who pointed a Service where, as its annotation says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Whose it is.
    pub owner: Owner,
    /// Where it was pointed.
    pub colour: Colour,
    /// Its number, which grows with each write.
    pub n: u64,
}

/// Whose a Service is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// This BlueGreen's.
    This,
    /// Another's.
    Other(String),
    /// One that does not exist any more, by a quorum read.
    Nobody,
}

/// An endpoint of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Its pod.
    pub pod: String,
    /// The pod's colour, if it is of a side of this workload.
    pub colour: Option<Colour>,
    /// Whether it is ready, with every port.
    pub ready: bool,
}

/// What a gate has answered so far for a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answers {
    /// Since when every answer was good.
    pub good_since: Option<Time>,
    /// When the last answer came.
    pub asked: Option<Time>,
    /// The first bad answer.
    pub bad: Option<String>,
    /// Why nothing is known.
    pub unknown: Option<String>,
}

/// One answer of a gate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Good.
    Good,
    /// Bad, and why.
    Bad(String),
    /// Neither: no data, not a number, or nobody there.
    Unknown(String),
}

impl Answers {
    /// Takes one more answer: the first bad one stays, and an unknown one starts anew.
    pub fn hear(&mut self, answer: Answer, now: Time) {
        self.asked = Some(now);
        match answer {
            Answer::Good => {
                self.good_since.get_or_insert(now);
                self.unknown = None;
            }
            Answer::Bad(why) => {
                self.bad.get_or_insert(why);
            }
            Answer::Unknown(why) => {
                self.good_since = None;
                self.unknown = Some(why);
            }
        }
    }
}

/// What was read from the API server itself just now: for a plan that was about to switch the pods and the dry runs, and for any other the references.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Live {
    /// The pods of each side, by workload and colour; at least of the new one.
    pub pods: BTreeMap<(String, Colour), Vec<Pod>>,
    /// As [`Deployment::references`], by workload and colour.
    pub references: BTreeMap<(String, Colour), Vec<String>>,
    /// The Services whose dry run was refused, and with which words.
    pub refused: BTreeMap<String, String>,
}
