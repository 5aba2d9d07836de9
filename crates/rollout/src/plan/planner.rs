//! What the functions of the phases have in common: what is given, and what comes together.

use sha2::{Digest, Sha256};

use super::{Object, Plan, Requeue, Write, seals, summary};
use crate::{
    BlueGreenSpec, Colour, Observed, Phase, Reason, ServiceStatus, Status, Time, WorkloadStatus, observed,
    resource, rule::Rule,
};

/// A plan in the making.
pub(super) struct Planner<'a> {
    pub(super) spec: &'a BlueGreenSpec,
    pub(super) seen: &'a Observed,
    pub(super) now: Time,
    /// What was remembered, and is remembered from now on.
    pub(super) status: Status,
    pub(super) writes: Vec<Write>,
    requeue: Requeue,
    was: &'a Status,
    without: Option<Rule>,
}

/// Where a phase leads.
pub(super) enum Next {
    /// It waits for something.
    Stay(Why),
    /// Another phase is looked at, in the same plan.
    Go(Phase),
    /// Another phase is stored before anything that it permits is written.
    Store(Phase, Why),
}

/// A reason, and what it says of this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Reason {
    /// The same of something in particular.
    pub(super) fn of(self, detail: impl Into<String>) -> Why {
        Why { reason: self, detail: detail.into() }
    }
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        reason.of("")
    }
}

/// A workload as declared and as seen.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) spec: &'a resource::Workload,
    pub(super) seen: &'a observed::Workload,
}

impl<'a> Pair<'a> {
    /// The side as declared.
    pub(super) fn declared(self, colour: Colour) -> &'a resource::Side {
        match colour {
            Colour::Blue => &self.spec.blue,
            Colour::Green => &self.spec.green,
        }
    }

    /// The routes that exist, by name.
    pub(super) fn routes(self) -> impl Iterator<Item = (&'a str, &'a observed::Route)> {
        self.spec
            .services
            .iter()
            .filter_map(move |route| Some((route.name.as_str(), self.seen.routes.get(&route.name)?)))
    }
}

static ABSENT: observed::Workload =
    observed::Workload { blue: None, green: None, routes: std::collections::BTreeMap::new(), preview: None };

impl<'a> Planner<'a> {
    pub(super) fn new(
        without: Option<Rule>,
        spec: &'a BlueGreenSpec,
        status: &'a Status,
        seen: &'a Observed,
        now: Time,
    ) -> Self {
        let mut planner = Self {
            spec,
            seen,
            now,
            status: status.clone(),
            writes: vec![],
            requeue: Requeue::Never,
            was: status,
            without,
        };
        planner.status.since.get_or_insert(now);
        planner.remember();
        planner
    }

    /// Whether this rule is kept; only a twin does not.
    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    /// Every workload.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Pair<'a>> + use<'a> {
        let seen = self.seen;
        self.spec
            .workloads
            .iter()
            .map(move |spec| Pair { spec, seen: seen.workloads.get(&spec.name).unwrap_or(&ABSENT) })
    }

    /// Every route that exists, with its workload.
    pub(super) fn routes(&self) -> impl Iterator<Item = (Pair<'a>, &'a str, &'a observed::Route)> + use<'a> {
        self.pairs().flat_map(|pair| pair.routes().map(move |(name, route)| (pair, name, route)))
    }

    /// The colour that this release brings the traffic to.
    pub(super) fn to(&self) -> Colour {
        self.status.to.unwrap_or(self.spec.active)
    }

    /// What is remembered of a route.
    pub(super) fn service(&mut self, name: &str) -> Option<&mut ServiceStatus> {
        self.status.services.iter_mut().find(|service| service.name == name)
    }

    /// What a gate has answered for this release; nothing yet if the release has only just begun, in this plan.
    pub(super) fn answers(&self, gate: &str) -> Option<&'a observed::Answers> {
        self.seen.gates.get(gate).filter(|_| self.status.release == self.was.release)
    }

    /// What is remembered of a workload.
    pub(super) fn workload(&self, name: &str) -> Option<&WorkloadStatus> {
        self.status.workloads.iter().find(|workload| workload.name == name)
    }

    /// Where the release is, be it held there or not.
    pub(super) fn at(&self) -> Phase {
        self.status.at()
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        self.status.held_in = (phase == Phase::Held).then(|| self.at());
        self.status.phase = phase;
        self.status.since = Some(self.now);
    }

    /// Plans again then, or earlier.
    pub(super) fn wake(&mut self, at: Time) {
        self.requeue = match self.requeue {
            Requeue::Never => Requeue::At(at),
            Requeue::At(earlier) => Requeue::At(earlier.min(at)),
            sooner @ (Requeue::Again | Requeue::Read) => sooner,
        };
    }

    pub(super) fn again(&mut self) {
        if self.requeue != Requeue::Read {
            self.requeue = Requeue::Again;
        }
    }

    /// Asks for a quorum read, unless this plan has one.
    pub(super) fn read(&mut self) -> Option<&'a observed::Live> {
        if self.seen.live.is_none() {
            self.requeue = Requeue::Read;
        }
        self.seen.live.as_ref()
    }

    /// Who selects a side by a quorum read, which it asks for unless this plan has it: one that was made to switch does not tell.
    pub(super) fn read_references(&mut self, pair: Pair<'_>, colour: Colour) -> Option<&'a [String]> {
        let live = self.seen.live.as_ref();
        let known = live.and_then(|live| live.references.get(&(pair.spec.name.clone(), colour)));
        if known.is_none() {
            self.requeue = Requeue::Read;
        }
        known.map(Vec::as_slice)
    }

    /// Adds a write; the first one of an object counts.
    pub(super) fn write(&mut self, write: Write) {
        if self.writes.iter().all(|other| other.object != write.object) {
            self.writes.push(write);
        }
    }

    /// The Deployment's name, as an object.
    pub(super) fn deployment(pair: Pair<'_>, colour: Colour) -> Object {
        Object::Deployment(pair.declared(colour).deployment.clone())
    }

    /// Seals come before everything else, and the status says where things are.
    pub(super) fn finish(mut self, why: Why) -> Plan {
        let why = seals::first(&mut self).unwrap_or(why);
        let rollback = self.rollback();
        summary::write(&mut self.status, self.was, self.spec, self.seen, self.now, &why, &rollback);
        Plan { writes: self.writes, status: self.status, requeue: self.requeue }
    }
}

/// A short hash of several texts, none of which can be taken for a part of another.
pub(super) fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
