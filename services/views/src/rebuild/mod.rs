//! Building a generation of the tables beside the live one, while that answers, and putting it in its place.
//!
//! The new generation follows the same messages from the moment on that it exists, and every owner tells again what there is, page by
//! page. Both come by the same topics in the order of each aggregate, so at every commit the two generations agree on whatever both
//! have: once the last document has come they are equal, which is looked at, and the new one answers from then on.
//!
//! All of it is written down, so that a replica that takes over goes on where another was: which pages were published, and how many
//! of their documents have come. A page that is asked for twice makes the same messages, which are counted once.

mod owners;

use std::{sync::Arc, time::Duration};

use chassis::{ids::Ids, shutdown::Drain};
use contracts::republish::Page;
use database::{Database, Error as StoreError, Transaction, leases};
use messaging::{Backoff, Broker, broker};
use tokio::sync::Notify;
use uuid::Uuid;

pub use owners::{OverHttp, Republish, Unavailable};

use crate::{
    follow::TOPICS,
    projection::Kind,
    store::{
        export,
        generations::{self, Generation, Source, State},
    },
};

/// The role of the replica that rebuilds, and for how long it has it.
const ROLE: &str = "rebuild";
const LEASE: Duration = Duration::from_secs(30);

/// How many documents a page has, and how many of an owner's may be on their way.
const PAGE: u32 = 500;
const ON_THEIR_WAY: u64 = 2_000;

/// How often to look without having been woken: while something is under way, and else, for what another replica was told.
const LOOK_BUSY: Duration = Duration::from_millis(500);
const LOOK_IDLE: Duration = Duration::from_secs(30);

/// How many rows of each table are forgotten in one transaction.
const FORGET: u64 = 500;

/// Wakes a [`Rebuilder`]; clones wake the same one.
#[derive(Clone, Debug, Default)]
pub struct Handle(Arc<Notify>);

impl Handle {
    /// Has it look for what there is to do.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until it is to look.
    pub(crate) async fn woken(&self) {
        self.0.notified().await;
    }

    /// Has it look once this transaction is committed.
    pub fn wake_after_commit(&self, tx: &mut Transaction) {
        let handle = self.clone();
        tx.after_commit(move || handle.wake());
    }
}

/// Builds generations: the first of all by itself, and another whenever one was [begun](generations::begin).
pub struct Rebuilder {
    /// Where views are kept.
    pub database: Database,
    /// What they follow.
    pub broker: Arc<dyn Broker>,
    /// Under which name they do, which is known to the broker before anything is told again.
    pub group: String,
    /// Who tells again what there is.
    pub owners: Arc<dyn Republish>,
    /// Ids of runs.
    pub ids: Ids,
    /// The name of this replica.
    pub holder: String,
    /// What wakes it.
    pub handle: Handle,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There may be more to do at once.
    More,
    /// Something is under way.
    Busy,
    /// There is nothing to do, or another replica does it.
    Idle,
}

/// Why a step did not take place; the next one does it again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An owner does not tell.
    #[error(transparent)]
    Owner(#[from] Unavailable),
    /// The broker does not know the group.
    #[error("registering with the broker")]
    Broker(#[from] broker::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What there is to do.
#[derive(Debug)]
enum Next {
    /// Nothing is kept at all.
    Begin,
    /// An owner has more to tell.
    Ask(Generation, Kind, Source),
    /// Documents are on their way.
    Wait,
    /// All has come; the live generation, if there is one, has had its time.
    GoLive(Generation, Option<i64>),
    /// A generation was retired.
    Forget(i64),
    /// All is well.
    Rest,
}

impl Rebuilder {
    /// Builds what is to be built until `drain`.
    pub async fn run(self, drain: Drain) {
        let (mut failures, backoff) = (0_u32, Backoff::default());
        loop {
            let wait = match self.step().await {
                Ok(Outcome::More) => Duration::ZERO,
                Ok(Outcome::Busy) => LOOK_BUSY,
                Ok(Outcome::Idle) => LOOK_IDLE,
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let wait = backoff.wait(Uuid::nil(), failures);
                    let error = &error as &dyn std::error::Error;
                    tracing::info!(failures, error, "the rebuild is tried again in {wait:?}");
                    wait
                }
            };
            if wait.is_zero() {
                failures = 0;
            }
            tokio::select! {
                biased;
                () = drain.requested() => return,
                () = self.handle.0.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Does the next thing that is to be done.
    ///
    /// # Errors
    /// [`Error`]; what was done before stays done.
    pub async fn step(&self) -> Result<Outcome, Error> {
        match self.database.read(next).await? {
            Next::Rest => Ok(Outcome::Idle),
            Next::Wait => Ok(Outcome::Busy),
            Next::Begin => self.begin().await,
            Next::Ask(generation, kind, source) => self.ask(&generation, kind, source).await,
            Next::GoLive(generation, live) => self.go_live(&generation, live).await,
            Next::Forget(generation) => {
                self.leading(async move |tx| generations::forget(tx, generation, FORGET).await.map(drop))
                    .await
            }
        }
    }

    async fn begin(&self) -> Result<Outcome, Error> {
        // From now on whatever happens is kept for the views: what happened before is told again.
        for topic in TOPICS {
            self.broker.register(topic, &self.group).await?;
        }
        let run = self.ids.next();
        self.leading(async move |tx| generations::begin(tx, run).await).await
    }

    async fn ask(&self, of: &Generation, kind: Kind, source: Source) -> Result<Outcome, Error> {
        let page = Page { run: Some(of.run), after: source.position, limit: Some(PAGE) };
        let told = self.owners.republish(kind, page).await?;
        let generation = of.generation;
        let noted = async move |tx: &mut Transaction| {
            generations::published(tx, generation, kind, told.documents, told.next.as_deref()).await
        };
        self.leading(noted).await
    }

    async fn go_live(&self, of: &Generation, live: Option<i64>) -> Result<Outcome, Error> {
        let generation = of.generation;
        let compared = match live {
            None => None,
            Some(live) => {
                let compare = async move |tx: &mut Transaction| export::compare(tx, generation, live).await;
                Some(self.database.read::<_, StoreError, _>(compare).await?)
            }
        };
        if let Some((documents, different @ 1..)) = compared {
            tracing::error!(
                generation,
                documents,
                different,
                "the rebuilt views are not what the live ones were"
            );
        }
        let swap = async move |tx: &mut Transaction| generations::go_live(tx, generation, compared).await;
        let outcome = self.leading(swap).await?;
        tracing::info!(generation, "the views answer from another generation");
        Ok(outcome)
    }

    /// Does it if this replica is the one that rebuilds: the role is taken, or kept, in the same transaction.
    async fn leading<F>(&self, work: F) -> Result<Outcome, Error>
    where
        F: AsyncFn(&mut Transaction) -> Result<(), StoreError> + Send + 'static,
    {
        let holder = self.holder.clone();
        let led = self.database.write(async move |tx: &mut Transaction| {
            if leases::acquire(tx, ROLE, &holder, LEASE).await?.is_none() {
                return Ok(Outcome::Idle);
            }
            work(tx).await?;
            Ok::<_, StoreError>(Outcome::More)
        });
        Ok(led.await?)
    }
}

/// What there is to do now: old rows first, then the oldest that is being built.
async fn next(tx: &mut Transaction) -> Result<Next, StoreError> {
    let all = generations::all(tx).await?;
    let of = |state: State| all.iter().find(move |generation| generation.state == state);
    let live = of(State::Live).map(|generation| generation.generation);
    if let Some(retired) = of(State::Retired) {
        return Ok(Next::Forget(retired.generation));
    }
    let Some(building) = of(State::Building) else {
        return Ok(if live.is_some() { Next::Rest } else { Next::Begin });
    };
    let sources = generations::sources(tx, building.generation).await?;
    if sources.iter().all(|(_, source)| source.is_done()) {
        return Ok(Next::GoLive(building.clone(), live));
    }
    let behind = |source: &Source| source.published.saturating_sub(source.received) >= ON_THEIR_WAY;
    let more = sources.into_iter().find(|(_, source)| !source.complete && !behind(source));
    Ok(more.map_or(Next::Wait, |(kind, source)| Next::Ask(building.clone(), kind, source)))
}
