//! Following a ledger: every generation of the tables by a subscription of its own, from the first event on.
//!
//! So a rebuild asks nobody. The new generation reads what there is while the live one answers; once both are at the same
//! place they are compared, and the new one takes over.

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use chassis::{ids::Ids, problem::chain, shutdown::Drain};
use choreography::ledger::Handling;
use contracts::{customers, ordering, warehouse};
use database::{Error, Transaction};
use event_store::{
    EventTypes, Filter, HandlerError, Ledger, Recorded, Subscription,
    log::Log,
    subscription::{self, Progress},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use published::category;
use tokio::sync::Notify;

use crate::{
    lag::Lag,
    projection::{Item, News, Told},
    projector::{Projector, Refused},
    rebuild::{Handle, Leader, lead::Next},
    store::{
        export,
        generations::{self, Generation, State},
    },
};

/// How often to look without having been woken: while one is built, and else, for what another replica was told.
const LOOK_BUSY: Duration = Duration::from_millis(50);
const LOOK_IDLE: Duration = Duration::from_secs(30);

/// How often two generations that are both up to date are looked at for being at the same place, before one takes over
/// without having been compared: under a load that never pauses they may never be.
const LOOKS: u32 = 200;

/// Keeps generations up to date with a ledger, and builds them.
pub(crate) struct Builder {
    pub(crate) ledger: Ledger,
    /// This replica.
    pub(crate) leader: Leader,
    pub(crate) projector: Projector,
    pub(crate) lag: Lag,
    /// Ids of runs.
    pub(crate) ids: Ids,
    /// What wakes it.
    pub(crate) handle: Handle,
}

/// A generation that is followed for.
struct Followed {
    progress: Progress,
    stop: Arc<Notify>,
}

type Following = FuturesUnordered<Pin<Box<dyn Future<Output = ()> + Send>>>;

impl Builder {
    /// Follows and builds until `drain`.
    pub(crate) async fn run(self, drain: Drain) {
        let (mut followed, mut following) = (BTreeMap::new(), Following::new());
        let mut looks = 0;
        loop {
            let wait = match self.step(&mut followed, &mut following, &mut looks).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(
                        reason = chain(&error),
                        "the views of the ledger are looked after again soon"
                    );
                    LOOK_BUSY * 20
                }
            };
            tokio::select! {
                biased;
                () = drain.requested() => break,
                () = self.handle.woken() => {}
                Some(()) = following.next() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        followed.values().for_each(|it: &Followed| it.stop.notify_one());
        while following.next().await.is_some() {}
    }

    /// Follows for every generation that is kept up to date and for no other, then does the next thing there is to do. Tells when
    /// to look again.
    async fn step(
        &self,
        followed: &mut BTreeMap<i64, Followed>,
        following: &mut Following,
        looks: &mut u32,
    ) -> Result<Duration, Error> {
        let all = self.leader.database.read(async |tx| generations::all(tx).await).await?;
        let active = |it: &&Generation| it.state != State::Retired;
        followed.retain(|generation, it| {
            let stays = all.iter().filter(active).any(|active| active.generation == *generation);
            if !stays {
                it.stop.notify_one();
            }
            stays
        });
        for generation in all.iter().filter(active) {
            followed
                .entry(generation.generation)
                .or_insert_with(|| self.follow(generation.clone(), following));
        }
        // How far behind views are is how far the generation is that answers: the live one, or the first while it is built.
        let answering = all.iter().filter(active).min_by_key(|it| (it.is_building(), it.generation));
        if let Some(it) = answering.and_then(|answering| followed.get(&answering.generation)) {
            let behind = it.progress.clone();
            self.lag.follow("ledger", move || behind.status().behind());
        }
        match Next::of(&all) {
            Next::Rest => {
                *looks = 0;
                Ok(LOOK_IDLE)
            }
            Next::Begin => {
                self.leader.begin(self.ids.next()).await?;
                Ok(Duration::ZERO)
            }
            Next::Forget(generation) => {
                let unfollow =
                    async move |tx: &mut Transaction| subscription::forget(tx, &name(generation)).await;
                self.leader.forget(generation, unfollow).await?;
                Ok(Duration::ZERO)
            }
            Next::Build(building, live) => {
                let settled = self.ledger.settled().await?;
                let place = followed.get(&building.generation).map(|it| it.progress.status());
                let is_there = |status: subscription::Status| {
                    !status.segments.is_empty() && status.segments.iter().all(|it| it.position >= settled)
                };
                if place.is_some_and(is_there) {
                    *looks += 1;
                    self.go_live(building.generation, live, *looks > LOOKS).await?;
                }
                Ok(LOOK_BUSY)
            }
        }
    }

    /// Begins to follow for a generation.
    fn follow(&self, generation: Generation, following: &mut Following) -> Followed {
        let number = generation.generation;
        let into = Into {
            generation: number,
            projector: self.projector.clone(),
            lag: self.lag.clone(),
            customers: published::customers(),
            orders: published::orders(),
            products: published::products(),
        };
        let options = subscription::Options {
            // One place to compare, and transactions of many events: nothing here waits for another system.
            segments: 1,
            batch: 1_024,
            ..subscription::Options::new(self.leader.holder.clone())
        };
        let (log, database) = (Arc::new(self.ledger.clone()), self.leader.database.clone());
        let following_one = Subscription::new(&name(number), log, database, Filter::default(), into, options);
        let (progress, stop) = (following_one.progress(), Arc::new(Notify::new()));
        let stopped = stop.clone();
        following.push(Box::pin(async move { following_one.run(stopped.notified()).await }));
        Followed { progress, stop }
    }

    /// Has the generation that was built answer, if it is where the live one is, and equal: which is looked at in one transaction.
    async fn go_live(&self, generation: i64, live: Option<i64>, at_any_rate: bool) -> Result<(), Error> {
        let compare = async move |tx: &mut Transaction| {
            let Some(live) = live else { return Ok(Some(None)) };
            let here = subscription::position(tx, &name(generation)).await?;
            if here == subscription::position(tx, &name(live)).await? {
                return Ok(Some(Some(export::compare(tx, generation, live).await?)));
            }
            Ok::<_, Error>(at_any_rate.then_some(None))
        };
        if let Some(compared) = self.leader.database.read(compare).await? {
            self.leader.go_live(generation, compared).await?;
        }
        Ok(())
    }
}

/// What the subscription of a generation is called.
fn name(generation: i64) -> String {
    format!("views-{generation}")
}

/// Takes events into one generation.
struct Into {
    generation: i64,
    projector: Projector,
    lag: Lag,
    customers: EventTypes<customers::Event>,
    orders: EventTypes<ordering::Event>,
    products: EventTypes<warehouse::Event>,
}

impl event_store::Handler for Into {
    async fn handle(&self, tx: &mut Transaction, events: &[Recorded]) -> Result<(), HandlerError> {
        let active = generations::active(tx).await?;
        // Another replica may have retired it meanwhile.
        let Some(generation) = active.iter().find(|it| it.generation == self.generation) else {
            return Ok(());
        };
        // What is built from the past is no part of what happened then.
        let live = !generation.is_building();
        let begin = |event: &Recorded| Handling::begin("views", event, event.metadata.correlation_id);
        let handling: Vec<_> = events.iter().filter(|_| live).filter_map(begin).collect();
        let taken_in = self.take_in(tx, generation, events).await;
        taken_in.inspect_err(|error| handling.iter().for_each(|one| one.wrong(error)))
    }
}

impl Into {
    async fn take_in(
        &self,
        tx: &mut Transaction,
        generation: &Generation,
        events: &[Recorded],
    ) -> Result<(), HandlerError> {
        let mut items = Vec::new();
        for event in events {
            items.extend(self.item(event)?);
        }
        let applied = self.projector.apply_to(tx, std::slice::from_ref(generation), &items).await;
        applied.map_err(|refused| match refused {
            Refused::Store(error) => HandlerError::Database(error),
            gap @ Refused::Gap { .. } => HandlerError::Failed(Box::new(gap)),
        })?;
        if !generation.is_building() {
            self.lag.taken_in(tx, events.iter().map(|event| event.recorded_at).collect());
        }
        Ok(())
    }

    /// What an event tells; nothing if it is about something that views keep nothing of.
    fn item(&self, event: &Recorded) -> Result<Option<Item>, HandlerError> {
        fn failed<E: std::error::Error + Send + Sync + 'static>(error: E) -> HandlerError {
            HandlerError::Failed(Box::new(error))
        }
        let (before, id) = (event.version.saturating_sub(1), event.stream.id());
        Ok(Some(match event.stream.category() {
            category::CUSTOMER => {
                let events = vec![self.customers.read(event).map_err(failed)?];
                Item::Customer(Told {
                    id: id.parse().map_err(failed)?,
                    news: News::Events { before, events },
                })
            }
            category::ORDER => {
                let events = vec![self.orders.read(event).map_err(failed)?];
                Item::Order(Told { id: id.parse().map_err(failed)?, news: News::Events { before, events } })
            }
            category::PRODUCT => {
                let events = vec![self.products.read(event).map_err(failed)?];
                Item::Product(Told { id: id.parse().map_err(failed)?, news: News::Events { before, events } })
            }
            _ => return Ok(None),
        }))
    }
}
