//! What a message leaves out is fetched before the transaction: as often as it has to be, for as long as it cannot be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use database::{Database, Transaction};
use messaging::consumer::{Enriched, Handler};
use messaging::{Consumer, Embedded, Envelope, HandlerError, Publisher};

use crate::world::{
    Effects, GROUP, TOPIC, effects_of, event, events, options, outcome, parked, started, stuck,
};

/// Whether what messages leave out can be had.
#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
enum Source {
    Answers,
    IsAway,
    /// There is nothing to be had, and never will be.
    HasNothing,
}

/// Fetches the version of each message from a source, and handles it with that.
#[derive(Clone)]
struct Fetching {
    effects: Effects,
    source: Arc<AtomicU8>,
    fetched: Arc<AtomicU32>,
}

impl Fetching {
    fn from(source: Source) -> Self {
        let (effects, fetched) = (Effects::default(), Arc::default());
        Self { effects, source: Arc::new(AtomicU8::new(source as u8)), fetched }
    }

    fn source(&self, source: Source) {
        self.source.store(source as u8, Ordering::Relaxed);
    }

    fn fetched(&self) -> u32 {
        self.fetched.load(Ordering::Relaxed)
    }

    fn consumer(&self, broker: &Embedded, db: &Database) -> Consumer<Self> {
        Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, self.clone(), db.clone(), options())
    }
}

impl Enriched for Fetching {
    type Facts = u64;

    async fn enrich(&self, message: &Envelope) -> Result<u64, HandlerError> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        match self.source.load(Ordering::Relaxed) {
            source if source == Source::IsAway as u8 => {
                Err(HandlerError::Unavailable("nobody is there".into()))
            }
            source if source == Source::HasNothing as u8 => Err(HandlerError::Hopeless("it is gone".into())),
            _ => Ok(message.version.unwrap_or(0)),
        }
    }

    async fn handle(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        fetched: &u64,
    ) -> Result<(), HandlerError> {
        assert_eq!(message.version, Some(*fetched), "what was fetched is for this message");
        Handler::handle(&self.effects, tx, message).await
    }
}

#[tokio::test]
async fn each_message_is_handled_with_what_was_fetched_for_it() {
    let (_world, broker, db, _) = started().await;
    broker.publish(TOPIC, &events("a", 1..=3)).await.unwrap();
    let fetching = Fetching::from(Source::Answers);
    assert_eq!(fetching.consumer(&broker, &db).consume_once().await.unwrap(), outcome(3, 0, 0));
    assert_eq!((effects_of(&db, "a").await, fetching.fetched()), (vec![1, 2, 3], 3));
}

#[tokio::test]
async fn a_message_for_which_nothing_can_be_had_yet_waits_however_long_that_is_and_never_for_an_operator() {
    let (world, broker, db, _) = started().await;
    broker.publish(TOPIC, &events("a", 1..=2)).await.unwrap();
    let fetching = Fetching::from(Source::IsAway);
    let mut consumer = fetching.consumer(&broker, &db);
    consumer.consume_once().await.unwrap();
    for attempt in 0..10 * options().attempts {
        world.a_minute_passes();
        assert_eq!(consumer.consume_once().await.unwrap(), outcome(0, 0, 0), "attempt {attempt}");
        assert_eq!((parked(&db).await, stuck(&db).await), (2, 0), "attempt {attempt}");
    }
    fetching.source(Source::Answers);
    world.a_minute_passes();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(2, 0, 0));
    assert_eq!(effects_of(&db, "a").await, [1, 2], "in their order");
}

#[tokio::test]
async fn while_it_waits_only_the_first_message_of_a_key_is_fetched_for() {
    let (world, broker, db, _) = started().await;
    broker.publish(TOPIC, &events("a", 1..=20)).await.unwrap();
    let fetching = Fetching::from(Source::IsAway);
    let mut consumer = fetching.consumer(&broker, &db);
    consumer.consume_once().await.unwrap();
    let before = fetching.fetched();
    world.a_minute_passes();
    consumer.consume_once().await.unwrap();
    assert_eq!(fetching.fetched() - before, 1);
}

#[tokio::test]
async fn what_cannot_be_had_at_all_is_left_to_an_operator_at_once() {
    let (_world, broker, db, _) = started().await;
    broker.publish(TOPIC, &[event("a", 1)]).await.unwrap();
    let fetching = Fetching::from(Source::HasNothing);
    fetching.consumer(&broker, &db).consume_once().await.unwrap();
    assert_eq!((parked(&db).await, stuck(&db).await), (1, 1));
}

#[tokio::test]
async fn a_handler_that_waits_for_somebody_is_no_failure_either() {
    let (world, broker, db, _) = started().await;
    broker.publish(TOPIC, &[event("a", 1)]).await.unwrap();
    let waits = async |_: &mut Transaction, _: &Envelope| Err(HandlerError::Unavailable("not yet".into()));
    let mut consumer = Consumer::new(Arc::new(broker), TOPIC, GROUP, waits, db.clone(), options());
    for _ in 0..10 * options().attempts {
        consumer.consume_once().await.unwrap();
        world.a_minute_passes();
    }
    assert_eq!((parked(&db).await, stuck(&db).await), (1, 0));
}
