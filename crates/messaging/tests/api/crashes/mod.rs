//! Whatever crashes when: at the end each message has had one effect, in the order of its key.

mod brittle;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use database::Database;
use messaging::consumer::Outcome;
use messaging::faulty::{Faulty, Rates};
use messaging::outbox::{self, Relay};
use messaging::{Broker, Consumer, Publisher, audit};
use proptest::prelude::*;

use brittle::{Brittle, Point};

use crate::world::{
    self, Effects, GROUP, SOURCE, TOPIC, World, consumer, effects, effects_of, enqueue, events,
};

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// An order changes some times, in one transaction.
    Change {
        order: usize,
        times: u64,
    },
    Relay {
        crash: Option<Point>,
    },
    Consume {
        crash: Option<Point>,
    },
    /// These orders cannot be handled from now on.
    Fail {
        orders: Vec<usize>,
    },
    /// The consumer's store fails in the middle of a batch.
    StoreFailsAfter {
        messages: usize,
    },
    BrokerRestarts,
    TimePasses,
}

const ORDERS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let when_relaying =
        prop::option::of(prop::sample::select(&[Point::BeforePublishing, Point::AfterPublishing]));
    let points = [Point::AfterReceiving, Point::BeforeAcknowledging, Point::AfterAcknowledging];
    let when_consuming = prop::option::of(prop::sample::select(points.to_vec()));
    let step = prop_oneof![
        4 => (0..ORDERS.len(), 1..4_u64).prop_map(|(order, times)| Step::Change { order, times }),
        3 => when_relaying.prop_map(|crash| Step::Relay { crash }),
        3 => when_consuming.prop_map(|crash| Step::Consume { crash }),
        1 => prop::collection::vec(0..ORDERS.len(), 0..3).prop_map(|orders| Step::Fail { orders }),
        1 => (0..6_usize).prop_map(|messages| Step::StoreFailsAfter { messages }),
        1 => Just(Step::BrokerRestarts),
        1 => Just(Step::TimePasses),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_of_crashes_has_one_effect_per_message_in_the_order_of_its_key(
        steps in steps(),
        seed: u64,
        faulty: bool,
    ) {
        // On one thread, under a clock that stands still, so that a failure can be repeated.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let rates = if faulty { Rates::default() } else { NO_FAULTS };
            let mut play = Play::new(seed, rates).await;
            for step in &steps {
                play.step(step).await;
                play.nothing_is_out_of_order().await;
            }
            play.rest().await;
            play.everything_has_happened().await;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn being_killed_at_any_moment_has_one_effect_per_message_in_the_order_of_its_key() {
    let world = World::new();
    let broker = world.broker().await;
    broker.register(TOPIC, GROUP).await.unwrap();
    let handler = Effects::default();
    let mut last = 0;
    for round in 0..25_u64 {
        let (producer, billing) = (world.db("orders"), world.db("billing"));
        let unreliable = Faulty::new(broker.clone(), round, Rates::default());
        handler.fail(if round % 3 == 0 { &["a", "b"] } else { &[] });
        let relay = world::relay(&producer, unreliable.clone(), &format!("run {round}"));
        let consumer = consumer(unreliable, &billing, &handler);
        let running = [
            tokio::spawn(relay.run(std::future::pending())),
            tokio::spawn(consumer.run(std::future::pending())),
        ];
        for _ in 0..4 {
            for order in ORDERS {
                enqueue(&producer, &events(order, last + 1..=last + 2)).await;
            }
            last += 2;
        }
        // No condition to wait for: this is the moment of the crash, another one every time.
        tokio::time::sleep(Duration::from_micros(round * 397 % 5_000)).await;
        running.iter().for_each(tokio::task::JoinHandle::abort);
        for task in running {
            assert!(task.await.unwrap_err().is_cancelled());
        }
        world.a_minute_passes();
    }
    handler.fail(&[]);
    let (producer, billing) = (world.db("orders"), world.db("billing"));
    let mut consumer = consumer(broker.clone(), &billing, &handler);
    let handled = async || effects(&billing).await.len() as u64;
    let mut rounds = 0;
    while handled().await < last * ORDERS.len() as u64 {
        rounds += 1;
        assert!(rounds < 1_000, "it never comes to rest");
        world::relay_all(&producer, broker.clone()).await;
        consumer.consume_once().await.unwrap();
        world.a_minute_passes();
    }
    for order in ORDERS {
        assert!(effects_of(&billing, order).await.into_iter().eq(1..=last), "{order}");
    }
}

const NO_FAULTS: Rates = Rates { publish: 0, double: 0, redeliver: 0, delay: 0, mix: 0, end: 0, request: 0 };

/// A producer, a broker and a consumer, and what should have happened.
struct Play {
    world: World,
    producer: Database,
    relay: Relay,
    broker: Arc<Brittle>,
    billing: Database,
    consumer: Consumer<Effects>,
    handler: Effects,
    changed: BTreeMap<usize, u64>,
    runs: u32,
    seed: u64,
    rates: Rates,
}

impl Play {
    async fn new(seed: u64, rates: Rates) -> Self {
        let world = World::inline();
        let (producer, billing, handler) = (world.db("orders"), world.db("billing"), Effects::default());
        let broker = Arc::new(Brittle::new(world.broker().await, seed, rates));
        broker.register(TOPIC, GROUP).await.unwrap();
        let relay = Self::relay(&producer, &broker, 0);
        let consumer = consumer(Arc::clone(&broker), &billing, &handler);
        let (changed, runs) = (BTreeMap::new(), 0);
        Self { world, producer, relay, broker, billing, consumer, handler, changed, runs, seed, rates }
    }

    fn relay(producer: &Database, broker: &Arc<Brittle>, run: u32) -> Relay {
        let publisher: Arc<dyn Publisher> = Arc::<Brittle>::clone(broker);
        Relay::new(producer.clone(), publisher, outbox::Options::new(format!("run {run}")))
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Change { order, times } => {
                let version = self.changed.entry(*order).or_default();
                enqueue(&self.producer, &events(ORDERS[*order], *version + 1..=*version + times)).await;
                *version += times;
            }
            Step::Relay { crash } => {
                self.broker.crash_at(*crash);
                tokio::select! {
                    biased;
                    relayed = self.relay.relay_once() => drop(relayed.unwrap()),
                    () = self.broker.crashed.notified() => self.producer_restarts(),
                }
            }
            Step::Consume { crash } => {
                self.broker.crash_at(*crash);
                let crashed = tokio::select! {
                    biased;
                    // An error is a fault of the broker, after which the consumer goes on.
                    _ = self.consumer.consume_once() => false,
                    () = self.broker.crashed.notified() => true,
                };
                if crashed {
                    self.consumer_restarts();
                }
            }
            Step::Fail { orders } => {
                self.handler.fail(&orders.iter().map(|order| ORDERS[*order]).collect::<Vec<_>>());
            }
            Step::StoreFailsAfter { messages } => {
                self.handler.store_fails_after(Some(*messages));
                let _ = self.consumer.consume_once().await;
                self.handler.store_fails_after(None);
            }
            Step::BrokerRestarts => self.broker_restarts().await,
            Step::TimePasses => self.time_passes().await,
        }
        self.broker.crash_at(None);
    }

    fn producer_restarts(&mut self) {
        self.runs += 1;
        self.producer = self.world.db("orders");
        self.relay = Self::relay(&self.producer, &self.broker, self.runs);
    }

    fn consumer_restarts(&mut self) {
        self.billing = self.world.db("billing");
        self.consumer = consumer(Arc::clone(&self.broker), &self.billing, &self.handler);
    }

    async fn broker_restarts(&mut self) {
        self.runs += 1;
        let seed = self.seed.wrapping_add(self.runs.into());
        self.broker = Arc::new(Brittle::new(self.world.broker().await, seed, self.rates));
        self.producer_restarts();
        self.consumer_restarts();
    }

    async fn time_passes(&self) {
        self.world.a_minute_passes();
        tokio::time::advance(Duration::from_secs(60)).await;
    }

    async fn nothing_is_out_of_order(&self) {
        for order in ORDERS {
            let versions = effects_of(&self.billing, order).await;
            assert!(versions.iter().copied().eq(1..=versions.len() as u64), "{order}: {versions:?}");
        }
    }

    /// Lets everything go on without crashes until nothing happens any more.
    async fn rest(&mut self) {
        self.handler.fail(&[]);
        let mut quiet = 0;
        while quiet < 5 {
            self.time_passes().await;
            self.retry_what_is_stuck().await;
            let sent = self.relay.relay_once().await.unwrap();
            let consumed = self.consumer.consume_once().await;
            let idle = matches!(sent, outbox::Outcome::Empty(None))
                && consumed.is_ok_and(|done| done == Outcome::default());
            quiet = if idle { quiet + 1 } else { 0 };
        }
    }

    async fn retry_what_is_stuck(&self) {
        let retry = async |tx: &mut _| {
            for letter in messaging::dead_letters::list(tx, 100).await? {
                messaging::dead_letters::retry(tx, letter.id).await?;
            }
            Ok::<_, database::Error>(())
        };
        self.billing.write(retry).await.unwrap();
    }

    async fn everything_has_happened(&self) {
        for (order, last) in &self.changed {
            let versions = effects_of(&self.billing, ORDERS[*order]).await;
            assert!(versions.iter().copied().eq(1..=*last), "{}: {versions:?} of {last}", ORDERS[*order]);
        }
        assert_eq!(effects(&self.billing).await.len() as u64, self.changed.values().sum::<u64>());
        let outbox = self.producer.read(async |tx| audit::of_outbox(tx).await).await.unwrap();
        let inbox = self.billing.read(async |tx| audit::of_inbox(tx).await).await.unwrap();
        assert_eq!((outbox.unconfirmed, inbox.parked, inbox.stuck), (0, 0, 0));
        assert!(inbox.partitions.iter().all(audit::Handled::is_complete), "{inbox:?}");
        let outboxes = BTreeMap::from([(SOURCE.to_owned(), outbox)]);
        assert_eq!(audit::compare(&outboxes, &[inbox]), []);
        assert_eq!(self.broker.inner.lag(TOPIC, GROUP).await.unwrap(), 0);
    }
}
