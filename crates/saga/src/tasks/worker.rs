//! Does the tasks of one kind, so many at a time, and goes on until each is done.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use database::{Database, leases};
use journal::Entry;
use tokio::{task::JoinSet, time::Instant};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    Backoff, Observer, Task, Verdict, Wake,
    conclude::{Told, conclude},
    store,
};

/// Does one task. It is called outside of any transaction, and may be called again for a task that it has done
/// already: a crash, or an answer that came late, lies between.
pub trait Perform: Send + Sync + 'static {
    /// Does it once. The calls that it makes meanwhile are for the journal: those that stand in `calls` in the end are noted
    /// with the task's postponement. When the task is settled, whoever settled it has noted them in that transaction.
    fn perform(&self, task: &Task, calls: &mut Vec<Entry>) -> impl Future<Output = Verdict> + Send;
}

/// What one step of a worker found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many tasks.
    Performed(usize),
    /// Nothing is due.
    Idle,
    /// Another replica does the tasks of this kind.
    NotMine,
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many tasks at a time.
    pub concurrency: usize,
    /// How long to wait after a failure.
    pub backoff: Backoff,
    /// How often to look for tasks that nobody woke it for.
    pub poll: Duration,
    /// The name of this replica: one that restarts under the same name need not wait for its own lease.
    pub holder: String,
    /// How long the lease lasts without being renewed.
    pub lease: Duration,
}

impl Default for Options {
    /// 128 at a time, a look every second, a lease of 10 s.
    fn default() -> Self {
        Self {
            concurrency: 128,
            backoff: Backoff::default(),
            poll: Duration::from_secs(1),
            holder: "only".to_owned(),
            lease: Duration::from_secs(10),
        }
    }
}

/// Does the tasks of one kind.
pub struct Worker<P> {
    kind: &'static str,
    db: Database,
    perform: Arc<P>,
    wake: Wake,
    options: Options,
    token: Option<leases::Token>,
    renew_at: Option<Instant>,
    look_at: Instant,
    /// What was written anew while it was being done.
    again: HashSet<Key>,
    observer: Option<Arc<dyn Observer>>,
}

type Key = (Uuid, String);

impl<P: Perform> Worker<P> {
    /// A worker for the tasks of `kind` in this database, which `wake` tells of new ones.
    pub fn new(kind: &'static str, db: Database, perform: P, wake: Wake, options: Options) -> Self {
        let perform = Arc::new(perform);
        Self {
            kind,
            db,
            perform,
            wake,
            options,
            token: None,
            renew_at: None,
            look_at: Instant::now(),
            again: HashSet::new(),
            observer: None,
        }
    }

    /// Tells `observer` of what becomes of tasks.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Works until `drain` is ready; what is under way then is finished or, after `grace`, dropped: it stays in the
    /// table, and is done again by whoever comes next.
    pub async fn run(mut self, drain: impl Future<Output = ()>, grace: Duration) {
        let mut running = JoinSet::new();
        let mut keys = HashSet::new();
        tokio::pin!(drain);
        loop {
            let wait = self.fill(&mut running, &mut keys).await;
            if let Some(observer) = &self.observer {
                observer.running(self.kind, running.len());
            }
            tokio::select! {
                biased;
                () = &mut drain => break,
                Some(done) = running.join_next() => self.forget(&mut keys, done),
                () = self.wake.notified(), if running.len() < self.options.concurrency => {}
                () = tokio::time::sleep_until(wait) => {}
            }
        }
        let finish = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finish).await.is_err() {
            tracing::info!(kind = self.kind, "leaving tasks under way for the next run");
            if let Some(observer) = &self.observer {
                observer.left(self.kind, running.len());
            }
        }
        self.give_back().await;
    }

    /// Does what is due now, and returns when it is done: for tests, which turn the crank by hand.
    pub async fn run_once(&mut self) -> Outcome {
        let mut running = JoinSet::new();
        let mut keys = HashSet::new();
        self.look_at = Instant::now();
        self.fill(&mut running, &mut keys).await;
        if self.token.is_none() {
            return Outcome::NotMine;
        }
        let count = running.len();
        while running.join_next().await.is_some() {}
        if count == 0 { Outcome::Idle } else { Outcome::Performed(count) }
    }

    /// Starts what there is room for, and says when to look again.
    async fn fill(&mut self, running: &mut JoinSet<Key>, keys: &mut HashSet<Key>) -> Instant {
        if !self.hold_lease().await {
            // Whoever does the tasks finds these in the table. Kept, they would be done once more by this replica, at the
            // moment at which it takes over.
            drop(self.wake.take(usize::MAX));
            return Instant::now() + self.options.lease / 4;
        }
        let room = self.options.concurrency.saturating_sub(running.len());
        let (offered, look_in) = self.wake.take(room);
        let now = Instant::now();
        self.look_at = look_in.map_or(self.look_at, |delay| self.look_at.min(now + delay));
        for task in offered {
            let key = (task.subject, task.name.clone());
            if !self.start(task, running, keys) {
                // Written anew while it is being done: to be looked for when that is over.
                self.again.insert(key);
            }
        }
        if self.look_at <= now {
            self.look(running, keys).await;
        }
        let full = running.len() >= self.options.concurrency;
        if self.wake.is_waiting() && !full { Instant::now() } else { self.look_at }
    }

    /// Reads what is due from the table.
    async fn look(&mut self, running: &mut JoinSet<Key>, keys: &mut HashSet<Key>) {
        let kind = self.kind;
        // Those under way are still in the table: they must not crowd out the others.
        let limit = i64::try_from(2 * self.options.concurrency).unwrap_or(i64::MAX);
        let read = self.db.read(async move |tx| {
            let (tasks, next) = store::due(tx, kind, limit).await?;
            Ok::<_, database::Error>((tasks, next.map(|next| next - tx.now())))
        });
        let now = Instant::now();
        match read.await {
            Ok((tasks, next)) => {
                let next = next.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
                let wait = next.map_or(self.options.poll, |next| next.min(self.options.poll));
                self.look_at = now + wait.max(Duration::from_millis(1));
                for task in tasks {
                    if running.len() >= self.options.concurrency {
                        self.look_at = now + Duration::from_millis(1);
                        break;
                    }
                    self.start(task, running, keys);
                }
            }
            Err(error) => {
                tracing::warn!(kind, error = &error as &dyn std::error::Error, "cannot look for tasks");
                self.look_at = now + self.options.poll;
            }
        }
    }

    /// Whether it is begun: not while its namesake is being done.
    fn start(&self, task: Task, running: &mut JoinSet<Key>, keys: &mut HashSet<Key>) -> bool {
        let key = (task.subject, task.name.clone());
        if !keys.insert(key.clone()) {
            return false;
        }
        let (perform, db, wake, backoff) =
            (self.perform.clone(), self.db.clone(), self.wake.clone(), self.options.backoff);
        let observer = self.observer.clone();
        let done = async move {
            let (begun, mut calls) = (Instant::now(), Vec::new());
            let verdict = perform.perform(&task, &mut calls).await;
            let took = begun.elapsed();
            if let Some(observer) = observer {
                observer.performed(&task, &verdict, took);
            }
            let took_us = u64::try_from(took.as_micros()).ok();
            conclude(&db, task, verdict, Told { calls, took_us }, backoff, &wake).await;
            key
        };
        running.spawn(done.in_current_span());
        true
    }

    async fn hold_lease(&mut self) -> bool {
        let now = Instant::now();
        if self.token.is_some() && self.renew_at.is_some_and(|at| now < at) {
            return true;
        }
        let (role, holder, ttl) =
            (format!("tasks/{}", self.kind), self.options.holder.clone(), self.options.lease);
        let acquired = self.db.write(async move |tx| leases::acquire(tx, &role, &holder, ttl).await).await;
        match acquired {
            Ok(token) => {
                if self.token.is_none() {
                    self.look_at = now;
                }
                self.token = token;
                self.renew_at = Some(now + ttl / 3);
            }
            Err(error) => {
                tracing::warn!(
                    kind = self.kind,
                    error = &error as &dyn std::error::Error,
                    "cannot get the lease"
                );
                self.token = None;
            }
        }
        self.token.is_some()
    }

    fn forget(&mut self, keys: &mut HashSet<Key>, done: Result<Key, tokio::task::JoinError>) {
        match done {
            Ok(key) => {
                keys.remove(&key);
                if self.again.remove(&key) {
                    self.look_at = Instant::now();
                }
            }
            Err(error) => {
                // Whose it was is not known any more. Forgetting all lets every task be found again; those still under
                // way are done twice, which each of them can bear.
                tracing::error!(error = &error as &dyn std::error::Error, "a task panicked");
                keys.clear();
                self.again.clear();
            }
        }
    }

    async fn give_back(&mut self) {
        let Some(token) = self.token.take() else { return };
        if let Err(error) = self.db.write(async move |tx| leases::release(tx, &token).await).await {
            tracing::debug!(
                kind = self.kind,
                error = &error as &dyn std::error::Error,
                "the lease will expire"
            );
        }
    }
}

impl<P> fmt::Debug for Worker<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("kind", &self.kind)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
