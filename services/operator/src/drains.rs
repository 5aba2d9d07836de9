//! What old pods still have to end: each is asked for `GET /drain`, once a second, while its side drains.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{StreamExt, stream};
use kube::runtime::reflector::ObjectRef;
use rollout::BlueGreen;
use serde::Deserialize;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Duration, MissedTickBehavior, interval},
};

use crate::pods::{Pod, Question, Reach};

/// How often each pod is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What is left to do is a few numbers.
const ANSWER_BYTES: usize = 64 * 1024;

/// So many pods of a side are asked at once.
const AT_ONCE: usize = 32;

/// A side that drains.
#[derive(Clone, Debug)]
pub struct Draining {
    /// The BlueGreen's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// `spec.drain.port`.
    pub port: String,
    /// The pods of the side.
    pub pods: Vec<Pod>,
}

/// All sides that drain. Clones are the same.
#[derive(Clone)]
pub struct Drains(Arc<Shared>);

struct Shared {
    reach: Reach,
    /// Asks for another reconcile.
    trigger: mpsc::Sender<ObjectRef<BlueGreen>>,
    /// By the BlueGreen's uid.
    sides: Mutex<HashMap<String, Side>>,
}

struct Side {
    wanted: watch::Sender<Draining>,
    /// The uids of the pods whose last answer showed zeros.
    drained: Arc<Mutex<HashSet<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drains {
    /// No side drains yet; a pod that is done is told by `trigger`.
    #[must_use]
    pub fn new(reach: Reach, trigger: mpsc::Sender<ObjectRef<BlueGreen>>) -> Self {
        Self(Arc::new(Shared { reach, trigger, sides: Mutex::default() }))
    }

    /// Asks these pods, and no others of this BlueGreen any more.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn want(&self, draining: Draining) {
        let mut sides = self.0.sides();
        if draining.pods.is_empty() {
            sides.remove(&draining.uid);
        } else if let Some(side) = sides.get(&draining.uid) {
            side.wanted.send_replace(draining);
        } else {
            sides.insert(draining.uid.clone(), Side::begin(&self.0, draining));
        }
    }

    /// Whether the pod's last answer showed that nothing is left to do. A pod that does not answer `/drain` never has.
    #[must_use]
    pub fn drained(&self, uid: &str, pod_uid: &str) -> bool {
        self.0.sides().get(uid).is_some_and(|side| locked(&side.drained).contains(pod_uid))
    }

    /// Asks no pod of this BlueGreen any more.
    pub fn forget(&self, uid: &str) {
        self.0.sides().remove(uid);
    }

    /// Asks no pod any more.
    pub fn forget_all(&self) {
        self.0.sides().clear();
    }
}

impl Shared {
    fn sides(&self) -> MutexGuard<'_, HashMap<String, Side>> {
        locked(&self.sides)
    }
}

impl Side {
    fn begin(shared: &Arc<Shared>, draining: Draining) -> Self {
        let drained = Arc::<Mutex<HashSet<String>>>::default();
        let wanted = watch::Sender::new(draining);
        let (reach, trigger) = (shared.reach.clone(), shared.trigger.clone());
        let task = tokio::spawn(ask(reach, trigger, wanted.subscribe(), Arc::clone(&drained)));
        Self { wanted, drained, task }
    }
}

async fn ask(
    reach: Reach,
    trigger: mpsc::Sender<ObjectRef<BlueGreen>>,
    wanted: watch::Receiver<Draining>,
    drained: Arc<Mutex<HashSet<String>>>,
) {
    let mut due = interval(PERIOD);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let draining = wanted.borrow().clone();
        let done = round(&reach, &draining).await;
        let changed = {
            let mut drained = locked(&drained);
            let changed = *drained != done;
            *drained = done;
            changed
        };
        if changed {
            // Whoever listens is slow at most; if nobody does the process ends.
            let _ = trigger.send(ObjectRef::new(&draining.name).within(&draining.namespace)).await;
        }
    }
}

/// The uids of the pods that have nothing left to do.
async fn round(reach: &Reach, draining: &Draining) -> HashSet<String> {
    let question = Question { port: &draining.port, path: "/drain", timeout: TIMEOUT, most: ANSWER_BYTES };
    let asks = draining.pods.clone().into_iter().map(|pod| async move {
        let reply = reach.get(&draining.namespace, &pod, &question).await.ok()?;
        (reply.status.is_success() && is_done(&reply.body)).then_some(pod.uid)
    });
    stream::iter(asks).buffer_unordered(AT_ONCE).filter_map(async |done| done).collect().await
}

/// Whether an answer of `/drain` shows zeros: connections, requests in flight, and obligations of every name. One that does not
/// tell of all three shows nothing.
fn is_done(answer: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Left {
        connections: u64,
        in_flight: u64,
        obligations: HashMap<String, u64>,
    }
    serde_json::from_slice::<Left>(answer).is_ok_and(|left| {
        left.connections == 0 && left.in_flight == 0 && left.obligations.values().all(|count| *count == 0)
    })
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Drains {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Drains").field("sides", &self.0.sides().len()).finish_non_exhaustive()
    }
}
