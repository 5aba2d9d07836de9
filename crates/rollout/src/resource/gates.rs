//! What must pass before a switch and after it.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;

/// The gates, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[schemars(inline)]
#[x_kube(validation = Rule::new("!self.before.exists(b, self.after.exists(a, a.name == b.name))").message("each gate has a name of its own"))]
pub struct Gates {
    /// On the new side, before any traffic. At most 16.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub before: Vec<Gate>,

    /// While the new side serves and the old one stands ready. At most 16.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub after: Vec<Gate>,
}

/// A gate: a name and exactly one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("[has(self.http), has(self.approval), has(self.prometheus), has(self.breakers), has(self.job)].filter(is, is).size() == 1").message("a gate is of exactly one kind"))]
pub struct Gate {
    /// Its name within the release.
    #[schemars(length(min = 1, max = 40), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,

    /// Asks each ready new pod, by its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,

    /// Waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,

    /// Compares what a query yields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<Prometheus>,

    /// Looks for breakers that are open on the new side and not on the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakers: Option<Breakers>,

    /// Runs a Job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
}

/// The kind of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// See [`Http`].
    Http(&'a Http),
    /// See [`Approval`].
    Approval,
    /// See [`Prometheus`].
    Prometheus(&'a Prometheus),
    /// See [`Breakers`].
    Breakers(&'a Breakers),
    /// See [`Job`].
    Job(&'a Job),
}

impl Kind<'_> {
    /// The name of its field in the resource, which stands in metrics too.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Approval => "approval",
            Self::Prometheus(_) => "prometheus",
            Self::Breakers(_) => "breakers",
            Self::Job(_) => "job",
        }
    }
}

impl Gate {
    /// Its kind; none if it has several or none, which the API server refuses.
    #[must_use]
    pub fn kind(&self) -> Option<Kind<'_>> {
        match (&self.http, &self.approval, &self.prometheus, &self.breakers, &self.job) {
            (Some(http), None, None, None, None) => Some(Kind::Http(http)),
            (None, Some(_), None, None, None) => Some(Kind::Approval),
            (None, None, Some(prometheus), None, None) => Some(Kind::Prometheus(prometheus)),
            (None, None, None, Some(breakers), None) => Some(Kind::Breakers(breakers)),
            (None, None, None, None, Some(job)) => Some(Kind::Job(job)),
            _ => None,
        }
    }

    /// How long every answer must be good.
    #[must_use]
    pub fn lasts(&self) -> Option<Span> {
        match self.kind()? {
            Kind::Prometheus(prometheus) => Some(prometheus.lasts),
            Kind::Breakers(breakers) => Some(breakers.lasts),
            Kind::Http(_) | Kind::Approval | Kind::Job(_) => None,
        }
    }
}

/// Asks each ready new pod, by its address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[schemars(inline)]
pub struct Http {
    /// The port, by name or number.
    #[schemars(length(min = 1, max = 15), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub port: String,

    /// The path and query.
    #[schemars(length(min = 1, max = 1024), regex(pattern = "^/"))]
    pub path: String,

    /// The status that is good, 200 unless said.
    #[serde(default = "ok")]
    #[schemars(range(min = 100, max = 599))]
    pub expect: u16,

    /// How often a pod may be asked, 10 unless said. A pod that used them up fails the gate.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    pub attempts: u16,

    /// How long is waited between two of them, 1 s unless said.
    #[serde(default = "a_second")]
    #[x_kube(validation = Rule::new("duration(self) > duration('0s')").message("an interval is longer than nothing"))]
    pub interval: Span,

    /// How long an answer may take, 2 s unless said.
    #[serde(default = "two_seconds")]
    #[x_kube(validation = Rule::new("duration(self) > duration('0s')").message("a time-out is longer than nothing"))]
    pub timeout: Span,
}

/// Waits for the annotation `approve.switchyard.dev/GATE: RELEASE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Approval {}

/// Compares what a query yields with a bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Prometheus {
    /// The server. A host other than the pods themselves must be allowed to the operator.
    #[schemars(length(min = 8, max = 1024), regex(pattern = "^https?://"))]
    pub url: String,

    /// The query; `$(color)` in it is the new side's colour.
    #[schemars(length(min = 1, max = 4096))]
    pub query: String,

    /// An answer above this number is bad.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^-?[0-9]+(\.[0-9]+)?$"))]
    pub max: String,

    /// Passes once every answer was good for so long, 60 s unless said.
    #[serde(rename = "for", default = "a_minute")]
    pub lasts: Span,
}

/// Looks for breakers, by name and target, that are open on a new pod and on no old one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Breakers {
    /// The port, by name or number, at which pods tell of their breakers.
    #[schemars(length(min = 1, max = 15), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub port: String,

    /// Passes once there was none for so long, 10 s unless said.
    #[serde(rename = "for", default = "ten_seconds")]
    pub lasts: Span,
}

/// Runs a Job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Job {
    /// The CronJob, of the same namespace, whose template is run.
    #[schemars(length(min = 1, max = 52), regex(pattern = "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub from_cron_job: String,

    /// How long it may take, 5 min unless said.
    #[serde(default = "five_minutes")]
    #[x_kube(validation = Rule::new("duration(self) > duration('0s')").message("a time-out is longer than nothing"))]
    pub timeout: Span,
}

const fn ok() -> u16 {
    200
}

const fn ten() -> u16 {
    10
}

const fn a_second() -> Span {
    Span::secs(1)
}

const fn two_seconds() -> Span {
    Span::secs(2)
}

const fn ten_seconds() -> Span {
    Span::secs(10)
}

const fn a_minute() -> Span {
    Span::secs(60)
}

const fn five_minutes() -> Span {
    Span::secs(300)
}
