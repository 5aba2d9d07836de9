//! Copies that have never begun have their owner tell again what there is, by themselves and once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use std::time::Duration;

use chassis::{limits::Limits, relay, republish, service::Service};
use choreography::{
    Copies, Reactor,
    copies::{Copy, find},
    follow,
};
use contracts::{
    customers::Customer,
    topics::{CUSTOMERS_EVENTS, CUSTOMERS_REPUBLISH},
};
use database::{Database, Executor, Options, Transaction, leases};
use messaging::{Broker, Data};

use crate::{
    documents::{about, customer, customer_id},
    world::{Noting, World},
};

const GROUP: &str = "shipping";

impl World {
    fn shared(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    /// A service that keeps copies of customers, running.
    fn keeper(&self) -> Service {
        let mut service =
            Service::new("shipping", "state-transfer", &self.platform, Limits::default()).unwrap();
        let reactor = Reactor { participant: Noting, source: Copies::of(&["customer"]) };
        follow(&mut service, &self.shared(), GROUP, &self.db, reactor).unwrap();
        service
    }

    /// Their owner, who has one customer and counts how often it is asked.
    fn owner(&self) -> (Service, Arc<AtomicUsize>) {
        let mut service =
            Service::new("customers", "state-transfer", &self.platform, Limits::default()).unwrap();
        let options =
            Options { clock: self.platform.clock.clone(), executor: Executor::Inline, ..Options::default() };
        let schemas = [&[leases::SCHEMA][..], &messaging::SCHEMAS].concat();
        let database = Database::open(&self.file("customers"), &schemas, options).unwrap();
        let outbox = relay::start(&mut service, &database, self.shared()).unwrap();
        let told = republish::Told {
            source: "customers",
            aggregate: "customer",
            topic: CUSTOMERS_EVENTS,
            outbox,
            database,
        };
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let documents = async move |_: &mut Transaction, after: Option<&str>, _: u32| {
            counted.fetch_add(1, SeqCst);
            let only = (customer_id().to_string(), Data::of(&customer("Ada", 3)).unwrap());
            Ok(Some(only).filter(|_| after.is_none()).into_iter().collect())
        };
        republish::answer(&mut service, &self.shared(), CUSTOMERS_REPUBLISH, told, documents);
        (service, asked)
    }

    async fn copy(&self) -> Option<Copy<Customer>> {
        let find = async |tx: &mut Transaction| find(tx, "customer", &customer_id().to_string()).await;
        self.db.read(find).await.unwrap()
    }

    async fn until_there_is_a_copy(&self) -> Copy<Customer> {
        loop {
            if let Some(copy) = self.copy().await {
                return copy;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_there_was_before_is_told_again_and_asked_for_once() {
    let world = World::new().await;
    let (_owner, asked) = world.owner();
    let keeper = world.keeper();
    assert_eq!(world.until_there_is_a_copy().await.version, 3);
    keeper.stop().await;

    let keeper = world.keeper();
    world
        .tell(
            CUSTOMERS_EVENTS,
            &about("customer.changed", &customer_id().to_string(), 4, &customer("Ada", 4)),
        )
        .await;
    while world.copy().await.is_none_or(|copy| copy.version < 4) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    keeper.stop().await;
    assert_eq!(asked.load(SeqCst), 1, "it has begun already");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_away_is_asked_until_it_is_there() {
    let world = World::new().await;
    let keeper = world.keeper();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.copy().await, None);
    let (_owner, _) = world.owner();
    assert_eq!(world.until_there_is_a_copy().await.version, 3);
    keeper.stop().await;
}
