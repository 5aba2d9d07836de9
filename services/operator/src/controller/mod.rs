//! Whose turn it is, and what is done in it.

mod affected;
mod asks;
mod queue;
mod turn;

use std::{
    collections::{BTreeSet, HashMap},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::Instant,
};
use tracing::{error, info};

use self::queue::Queue;
pub use self::{affected::affected, turn::Next};
use crate::{
    apply::{Hands, Term},
    cache::{Caches, Change, Told},
    clock::Clock,
    drains::Drains,
    gates::Gates,
    index::Index,
    key::Key,
    lease::Token,
    metrics::Metrics,
    news::News,
};

/// So many BlueGreens at once.
const AT_ONCE: usize = 16;
/// How soon a turn that failed is taken again, and how late at the latest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Those who ask and tell in between.
#[derive(Clone)]
pub struct Around {
    /// Asks the gates.
    pub gates: Gates,
    /// Asks the pods of sides that drain.
    pub drains: Drains,
    /// Tells of what was stored.
    pub news: News,
    /// Where turns are counted.
    pub metrics: Metrics,
}

/// What all turns share.
pub struct Controller {
    caches: Arc<Caches>,
    index: Arc<Index>,
    hands: Hands,
    queue: Arc<Queue>,
    clock: Clock,
    color_label: String,
    around: Around,
    failures: Mutex<HashMap<Key, u32>>,
}

impl Controller {
    /// One over these caches; and whom to tell of what changes.
    #[must_use]
    pub fn new(
        client: kube::Client,
        caches: Arc<Caches>,
        clock: Clock,
        color_label: String,
        around: Around,
    ) -> (Arc<Self>, Told) {
        let (queue, index) = (Arc::new(Queue::default()), Arc::new(Index::default()));
        let told: Told = {
            let (caches, queue, index) = (Arc::clone(&caches), Arc::clone(&queue), Arc::clone(&index));
            let (gates, drains) = (around.gates.clone(), around.drains.clone());
            Arc::new(move |change| {
                if let Change::Declared(changed) = &change {
                    index.update(changed);
                    if let (Some(gone), None) = (&changed.before, &changed.after) {
                        gates.forget(gone.uid());
                        drains.forget(gone.uid());
                    }
                }
                affected(&change, &caches, &index).into_iter().for_each(|key| queue.push(key));
            })
        };
        let hands = Hands::new(client, Arc::clone(&caches), Arc::clone(&told), color_label.clone());
        let failures = Mutex::default();
        (Arc::new(Self { caches, index, hands, queue, clock, color_label, around, failures }), told)
    }

    /// It is a BlueGreen's turn.
    pub fn push(&self, key: Key) {
        self.queue.push(key);
    }

    /// Takes turns for as long as it leads, and waits for those under way when that ends. Without an end it goes on for ever.
    pub async fn run(
        self: Arc<Self>,
        mut leads: watch::Receiver<Option<Token>>,
        stop: impl Future<Output = ()>,
    ) {
        let mut turns = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let token = leads.borrow_and_update().clone();
            let term = token.map(|token| Arc::new(Term::new(token)));
            if term.is_some() {
                self.push_all();
            } else {
                self.around.gates.forget_all();
                self.around.drains.forget_all();
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                changed = leads.changed() => if changed.is_err() { break },
                () = self.take_turns(term, &mut turns) => {}
            }
        }
        while turns.join_next().await.is_some() {}
    }

    fn push_all(&self) {
        let names = self.caches.declared.names();
        info!("looks at {} BlueGreens", names.len());
        names.into_iter().for_each(|(namespace, name)| self.push(Key { namespace, name }));
    }

    async fn take_turns(self: &Arc<Self>, term: Option<Arc<Term>>, turns: &mut JoinSet<()>) {
        let Some(term) = term else { return std::future::pending().await };
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let key = self.queue.next().await;
            while turns.try_join_next().is_some() {}
            let (controller, term) = (Arc::clone(self), Arc::clone(&term));
            turns.spawn(async move {
                let began = Instant::now();
                let next = survived(&key, controller.turn(&key, &term)).await;
                controller.around.metrics.turned(next.into(), began.elapsed());
                let next = controller.when(&key, next);
                controller.queue.done(key, next);
                drop(permit);
            });
        }
    }

    /// When the next turn is due. Failures in a row make it later each time.
    fn when(&self, key: &Key, next: Next) -> Option<Instant> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match next {
            Next::Rest => {
                failures.remove(key);
                None
            }
            Next::At(at) => {
                failures.remove(key);
                Some(at)
            }
            Next::Failed => {
                let count = failures.entry(key.clone()).or_default();
                let pause = FIRST_PAUSE.saturating_mul(1 << (*count).min(10)).min(LONGEST_PAUSE);
                *count = count.saturating_add(1);
                Some(Instant::now() + pause)
            }
        }
    }
}

/// A turn that panics has failed: what one BlueGreen brings about costs no other its turns, and not even itself the next.
async fn survived(key: &Key, turn: impl Future<Output = Next>) -> Next {
    AssertUnwindSafe(turn).catch_unwind().await.unwrap_or_else(|_| {
        error!(bluegreen = %key, "a turn of `{key}` has panicked");
        Next::Failed
    })
}

/// The objects that a BlueGreen names.
fn objects(spec: &rollout::BlueGreenSpec) -> BTreeSet<rollout::Object> {
    let deployments =
        crate::index::deployments(spec).map(|name| rollout::Object::Deployment(name.to_owned()));
    let services = crate::index::services(spec).map(|name| rollout::Object::Service(name.to_owned()));
    deployments.chain(services).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_that_panics_has_failed_and_no_more() {
        let key = Key { namespace: "shop".to_owned(), name: "orders".to_owned() };
        let panics = async { panic!("on purpose") };
        assert_eq!(survived(&key, panics).await, Next::Failed);
        assert_eq!(survived(&key, async { Next::Rest }).await, Next::Rest);
    }
}
