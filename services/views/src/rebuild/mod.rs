//! Building a generation of the tables beside the live one, while that answers, and putting it in its place.
//!
//! The new generation follows the same messages from the moment on that it exists, and every owner tells again what there is, page by
//! page. Both come by the same topics in the order of each aggregate, so at every commit the two generations agree on whatever both
//! have: once the last document has come they are equal, which is looked at, and the new one answers from then on.
//!
//! All of it is written down, so that a replica that takes over goes on where another was: which pages were published, and how many
//! of their documents have come. A page that is asked for twice makes the same messages, which are counted once.

pub(crate) mod lead;
mod owners;

use std::{sync::Arc, time::Duration};

use chassis::{ids::Ids, shutdown::Drain};
use contracts::republish::Page;
use database::{Error as StoreError, Transaction};
use messaging::{Backoff, Broker, broker};
use tokio::sync::Notify;
use uuid::Uuid;

pub use lead::Leader;
pub use owners::{OverHttp, Republish, Unavailable};

use lead::Next;

use crate::{
    follow::TOPICS,
    projection::Kind,
    store::{
        export,
        generations::{self, Generation, Source},
    },
};

/// How many documents a page has, and how many of an owner's may be on their way.
const PAGE: u32 = 500;
const ON_THEIR_WAY: u64 = 2_000;

/// How often to look without having been woken: while something is under way, and else, for what another replica was told.
const LOOK_BUSY: Duration = Duration::from_millis(500);
const LOOK_IDLE: Duration = Duration::from_secs(30);

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
    /// This replica.
    pub leader: Leader,
    /// What views follow.
    pub broker: Arc<dyn Broker>,
    /// Under which name they do, which is known to the broker before anything is told again.
    pub group: String,
    /// Who tells again what there is.
    pub owners: Arc<dyn Republish>,
    /// Ids of runs.
    pub ids: Ids,
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
        let (next, sources) = self.leader.database.read(look).await?;
        let led = match next {
            Next::Rest => return Ok(Outcome::Idle),
            Next::Begin => self.begin().await?,
            Next::Build(generation, live) => return self.build(&generation, live, sources).await,
            Next::Forget(generation) => self.leader.forget(generation, async |_| Ok(())).await?,
        };
        Ok(outcome(led))
    }

    async fn begin(&self) -> Result<bool, Error> {
        // From now on whatever happens is kept for the views: what happened before is told again.
        for topic in TOPICS {
            self.broker.register(topic, &self.group).await?;
        }
        Ok(self.leader.begin(self.ids.next()).await?)
    }

    /// Asks an owner that has more to tell, or, once all has come, has the generation answer.
    async fn build(
        &self,
        building: &Generation,
        live: Option<i64>,
        sources: Vec<(Kind, Source)>,
    ) -> Result<Outcome, Error> {
        if sources.iter().all(|(_, source)| source.is_done()) {
            return self.go_live(building.generation, live).await;
        }
        let behind = |source: &Source| source.published.saturating_sub(source.received) >= ON_THEIR_WAY;
        match sources.into_iter().find(|(_, source)| !source.complete && !behind(source)) {
            Some((kind, source)) => self.ask(building, kind, source).await,
            None => Ok(Outcome::Busy), // documents are on their way
        }
    }

    async fn ask(&self, of: &Generation, kind: Kind, source: Source) -> Result<Outcome, Error> {
        let page = Page { run: Some(of.run), after: source.position, limit: Some(PAGE) };
        let told = self.owners.republish(kind, page).await?;
        let generation = of.generation;
        let noted = async move |tx: &mut Transaction| {
            generations::published(tx, generation, kind, told.documents, told.next.as_deref()).await
        };
        Ok(outcome(self.leader.leading(noted).await?))
    }

    /// Has a generation answer in which everything has come, compared with the live one, if there is one, which has had its
    /// time.
    async fn go_live(&self, generation: i64, live: Option<i64>) -> Result<Outcome, Error> {
        let compare = async move |tx: &mut Transaction| match live {
            Some(live) => export::compare(tx, generation, live).await.map(Some),
            None => Ok(None),
        };
        let compared = self.leader.database.read::<_, StoreError, _>(compare).await?;
        Ok(outcome(self.leader.go_live(generation, compared).await?))
    }
}

/// What there is to do now, and how far the owners are of a generation that is being built.
async fn look(tx: &mut Transaction) -> Result<(Next, Vec<(Kind, Source)>), StoreError> {
    let next = Next::of(&generations::all(tx).await?);
    let sources = match &next {
        Next::Build(building, _) => generations::sources(tx, building.generation).await?,
        _ => Vec::new(),
    };
    Ok((next, sources))
}

/// What a step came to that only the leading replica takes.
const fn outcome(led: bool) -> Outcome {
    if led { Outcome::More } else { Outcome::Idle }
}
