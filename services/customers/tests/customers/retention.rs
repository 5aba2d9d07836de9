//! Forgetting reservations that are over: at whatever moment, it changes nothing for what may still come.

use std::collections::BTreeMap;

use contracts::{
    CustomerId, OrderId,
    customers::{Command, CreditRefusal, Reply},
};
use customers::{
    application::{Application, Customers, Registration},
    store::{self, Rows},
};
use database::{Clock, Database, Error, Executor, ManualClock, Options, Transaction};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{eur, order, release, reserve, settle};

const KEEP_MICROS: i64 = 1_000;

/// A store, and a clock that stands still until it is moved.
struct World {
    application: Application,
    database: Database,
    clock: ManualClock,
    id: CustomerId,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (clock, hands) = Clock::manual(1_000_000);
        let options = Options { clock, executor: Executor::Inline, ..Options::default() };
        let path = directory.path().join("customers.db");
        let database = Database::open(&path, store::SCHEMAS, options).unwrap();
        let application = Application::new(Customers::new(Rows));
        let id = CustomerId::new(Uuid::from_u128(1));
        let world = Self { application, database, clock: hands, id, _directory: directory };
        world.register().await;
        world
    }

    async fn register(&self) {
        let registration = Registration {
            name: "Ada Lovelace".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            address: contracts::Address {
                line1: "12 St James's Square".parse().unwrap(),
                postal_code: "SW1Y 4JH".parse().unwrap(),
                city: "London".parse().unwrap(),
                country: "GB".parse().unwrap(),
            },
            credit_limit: eur(100),
        };
        let (application, id) = (self.application.clone(), self.id);
        let work = async move |tx: &mut Transaction| application.register(tx, id, &registration).await;
        self.database.write(work).await.unwrap();
    }

    async fn ask(&self, command: &Command) -> Reply {
        let (application, command) = (self.application.clone(), command.clone());
        let work = async move |tx: &mut Transaction| application.handle(tx, &command).await;
        self.database.write(work).await.unwrap()
    }

    async fn forget(&self, limit: u64) -> u64 {
        let work = async move |tx: &mut Transaction| {
            let before = tx.now() - KEEP_MICROS;
            let (oldest, forgotten) = (store::oldest(tx).await?, store::forget(tx, before, limit).await?);
            let due = oldest.is_some_and(|oldest| oldest < before);
            assert_eq!(due, forgotten > 0, "it is told whether something is due");
            Ok::<_, Error>(forgotten)
        };
        self.database.write(work).await.unwrap()
    }

    async fn reserved(&self) -> i64 {
        let (application, id) = (self.application.clone(), self.id);
        let found =
            self.database.read(async move |tx: &mut Transaction| application.find(tx, id).await).await;
        found.unwrap().unwrap().credit_reserved.amount()
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten_the_oldest_first_and_what_is_held_stays() {
    let world = World::new().await;
    for number in [1, 2, 3, 4] {
        world.ask(&reserve(world.id, order(number), eur(10))).await;
        world.clock.set(1_000_000 + number as i64);
    }
    world.ask(&settle(world.id, order(1))).await; // at 4
    world.clock.set(1_000_010);
    world.ask(&release(world.id, order(2))).await;
    world.ask(&release(world.id, order(9))).await; // which finds nothing
    world.clock.set(1_000_010 + KEEP_MICROS);
    assert_eq!(world.forget(9).await, 1, "only what is older than it is kept");
    world.clock.set(1_000_011 + KEEP_MICROS);
    assert_eq!(world.forget(1).await, 1);
    assert_eq!(world.forget(9).await, 1);
    world.clock.set(2_000_000);
    assert_eq!(world.forget(9).await, 0);
    assert_eq!(world.reserved().await, 20, "two are held");
    world.ask(&settle(world.id, order(3))).await;
    assert_eq!(world.reserved().await, 10);
}

/// What can happen.
#[derive(Clone, Debug)]
enum Step {
    /// An order asks something for the first time, or again.
    Ask(u128, Asked),
    /// So much time passes.
    Pass(i64),
    /// The cleaner comes by, and forgets so many.
    Forget(u64),
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Reserve,
    Release,
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let asked = prop_oneof![Just(Asked::Reserve), Just(Asked::Release), Just(Asked::Settle)];
    let step = prop_oneof![
        4 => (1..=4_u128, asked).prop_map(|(number, asked)| Step::Ask(number, asked)),
        1 => (1..KEEP_MICROS).prop_map(Step::Pass),
        2 => (1..4_u64).prop_map(Step::Forget),
    ];
    prop::collection::vec(step, 0..40)
}

/// The same commands to a service that forgets and to one that does not: while whatever comes again or late comes
/// within the time for which it is kept, nobody can tell them apart.
#[test]
fn within_the_time_nobody_can_tell_that_something_was_forgotten() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(follow(&steps));
        Ok(())
    });
    run.unwrap();
}

async fn follow(steps: &[Step]) {
    let (forgets, remembers) = (World::new().await, World::new().await);
    // Since when each order's reservation is over.
    let mut over: BTreeMap<OrderId, i64> = BTreeMap::new();
    let mut now = 1_000_000;
    for step in steps {
        match *step {
            Step::Pass(micros) => {
                now += micros;
                forgets.clock.set(now);
                remembers.clock.set(now);
            }
            Step::Forget(limit) => {
                forgets.forget(limit).await;
            }
            Step::Ask(number, asked) => {
                let id = order(number);
                if over.get(&id).is_some_and(|over| now - over > KEEP_MICROS) {
                    continue; // it comes later than anything does
                }
                let command = match asked {
                    Asked::Reserve => reserve(forgets.id, id, eur(40)),
                    Asked::Release => release(forgets.id, id),
                    Asked::Settle => settle(forgets.id, id),
                };
                let replies = (forgets.ask(&command).await, remembers.ask(&command).await);
                assert_eq!(replies.0, replies.1);
                let refused =
                    matches!(replies.0, Reply::CreditRefused { reason: CreditRefusal::InsufficientCredit });
                if !matches!(asked, Asked::Reserve) && !refused {
                    over.entry(id).or_insert(now);
                }
            }
        }
        assert_eq!(forgets.reserved().await, remembers.reserved().await);
    }
}
