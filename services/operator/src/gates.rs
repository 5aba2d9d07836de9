//! The gates of `spec.gates`, apart from approvals: each is asked by a task of its own for as long as a release wants it, and what it
//! has answered so far is there for the next reconcile. Nothing is stored: after a restart a gate starts its `for` anew.
//!
//! A kind is a question (`ask`, with IO) and a judgement of what comes back (`judge`, without).

mod asking;
mod breakers;
mod clock;
mod hosts;
mod http;
mod job;
mod prometheus;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kube::{Client, runtime::reflector::ObjectRef};
use rollout::{BlueGreen, Colour, Gate, Kind, observed::Answers};
use tokio::sync::{mpsc, watch};

pub use self::hosts::{GateHosts, InvalidHost};
use self::{asking::Asking, clock::Clock};
use crate::{
    fetch::Fetch,
    metrics::Metrics,
    pods::{Pods, Reach},
};

/// More gates than a stage may have are not asked.
const MOST_GATES: usize = 16;

/// So many servers other than pods are asked at once.
const AT_ONCE: usize = 16;

/// What gates are asked with.
#[derive(Clone)]
pub struct Ways {
    /// The way to the pods.
    pub pods: Reach,
    /// The servers besides the pods that may be asked.
    pub hosts: GateHosts,
    /// For Jobs.
    pub client: Client,
    /// Where answers are counted.
    pub metrics: Metrics,
}

/// Which gates a release waits for now.
#[derive(Clone, Debug)]
pub struct Release {
    /// The BlueGreen's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// `status.release`.
    pub release: String,
    /// The new side.
    pub to: Colour,
    /// The gates that the stored status says are running, as they are declared.
    pub gates: Vec<Gate>,
    /// The ready pods of both sides.
    pub pods: Pods,
}

impl Release {
    fn object(&self) -> ObjectRef<BlueGreen> {
        ObjectRef::new(&self.name).within(&self.namespace)
    }
}

/// All gates that are asked. Clones are the same.
#[derive(Clone)]
pub struct Gates(Arc<Shared>);

struct Shared {
    means: Arc<Means>,
    /// By the BlueGreen's uid.
    running: Mutex<HashMap<String, Running>>,
}

/// What every task has.
struct Means {
    ways: Ways,
    clock: Clock,
    fetch: Fetch,
    /// Asks for another reconcile.
    trigger: mpsc::Sender<ObjectRef<BlueGreen>>,
}

/// A release whose gates are asked.
struct Running {
    release: String,
    pods: watch::Sender<Pods>,
    /// By name.
    gates: BTreeMap<String, Asking>,
}

impl Gates {
    /// None are asked yet; a result that matters is told by `trigger`.
    #[must_use]
    pub fn new(ways: Ways, trigger: mpsc::Sender<ObjectRef<BlueGreen>>) -> Self {
        let means = Means { ways, clock: Clock::start(), fetch: Fetch::new(AT_ONCE), trigger };
        Self(Arc::new(Shared { means: Arc::new(means), running: Mutex::default() }))
    }

    /// Asks these gates of this release, with these pods, and no others of this BlueGreen any more. What is asked already goes on,
    /// unless it is declared differently now.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn want(&self, release: Release) {
        let mut running = self.0.running();
        if running.get(&release.uid).is_some_and(|running| running.release != release.release) {
            running.remove(&release.uid);
        }
        let wanted =
            release.gates.iter().filter(|gate| gate.kind().is_some_and(|kind| kind != Kind::Approval));
        let wanted: BTreeMap<_, _> =
            wanted.take(MOST_GATES).map(|gate| (gate.name.clone(), gate.clone())).collect();
        if wanted.is_empty() && !running.contains_key(&release.uid) {
            return;
        }
        let known = running.entry(release.uid.clone()).or_insert_with(|| Running {
            release: release.release.clone(),
            pods: watch::Sender::new(Pods::new()),
            gates: BTreeMap::new(),
        });
        known.pods.send_if_modified(|pods| {
            let is_new = *pods != release.pods;
            if is_new {
                pods.clone_from(&release.pods);
            }
            is_new
        });
        known.gates.retain(|name, asking| wanted.get(name) == Some(asking.gate()));
        for (name, gate) in wanted {
            let pods = known.pods.subscribe();
            known.gates.entry(name).or_insert_with(|| Asking::begin(&self.0.means, &release, gate, pods));
        }
        if known.gates.is_empty() {
            running.remove(&release.uid);
        }
    }

    /// What the gates of this release have answered so far, by name; nothing of those that are not asked.
    #[must_use]
    pub fn answers(&self, uid: &str, release: &str) -> BTreeMap<String, Answers> {
        let running = self.0.running();
        let known = running.get(uid).filter(|known| known.release == release);
        known
            .map(|known| known.gates.iter().map(|(name, asking)| (name.clone(), asking.answers())).collect())
            .unwrap_or_default()
    }

    /// Asks nothing of this BlueGreen any more.
    pub fn forget(&self, uid: &str) {
        self.0.running().remove(uid);
    }

    /// Asks nothing any more.
    pub fn forget_all(&self) {
        self.0.running().clear();
    }
}

impl Shared {
    fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gates").field("releases", &self.0.running().len()).finish_non_exhaustive()
    }
}
