//! What every broker has to pass: the contract of [`broker`](crate::broker), a test to each sentence of it.
//!
//! A broker's tests give a [`Fixture`] to [`conformance!`](crate::conformance!):
//!
//! ```
//! use std::sync::Arc;
//!
//! use futures_util::future::BoxFuture;
//! use messaging::conformance::{Fixture, ROOM, FULL_WAIT, LARGEST};
//! use messaging::embedded::{Backlog, Embedded, Options};
//! use messaging::Broker;
//!
//! struct EmbeddedFixture(tempfile::TempDir);
//!
//! impl Fixture for EmbeddedFixture {
//!     fn open(&self) -> BoxFuture<'_, Arc<dyn Broker>> {
//!         Box::pin(async {
//!             let options = Options {
//!                 backlog: Backlog { messages: ROOM, ..Options::default().backlog },
//!                 full_wait: FULL_WAIT,
//!                 max_message_bytes: LARGEST,
//!                 ..Options::default()
//!             };
//!             let file = self.0.path().join("broker.db");
//!             Arc::new(Embedded::open(&file, options).await.unwrap()) as Arc<dyn Broker>
//!         })
//!     }
//! }
//!
//! messaging::conformance!(EmbeddedFixture(tempfile::tempdir().unwrap()));
//! ```
//!
//! Each test gets a fixture of its own, with an empty store.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this is a test suite: a panic is how it says that a broker does not conform"
)]

mod delivery;
mod durability;
mod limits;
mod order;
mod requests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use uuid::Uuid;

pub use delivery::*;
pub use durability::*;
pub use limits::*;
pub use order::*;
pub use requests::*;

use crate::{Broker, Data, Delivery, Envelope, PublishError, Subscription};

/// How many messages a topic takes before publishers wait, in the broker that a [`Fixture`] opens.
pub const ROOM: u64 = 300;

/// How long a publisher waits for room there.
pub const FULL_WAIT: Duration = Duration::from_millis(300);

/// The largest message there, in bytes.
pub const LARGEST: usize = 16 << 10;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a test waits for what must not come.
const QUIET: Duration = Duration::from_millis(50);

/// Makes the broker under test.
pub trait Fixture: Send + Sync {
    /// Opens the broker with [`ROOM`], [`FULL_WAIT`] and [`LARGEST`], over the same store every time. What was
    /// opened before has been dropped, as in a crash.
    fn open(&self) -> BoxFuture<'_, Arc<dyn Broker>>;

    /// What the broker promises beyond the contract.
    fn beyond(&self) -> Beyond {
        Beyond { exact: true, lane_order: true }
    }
}

/// What a broker may promise beyond the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// While nothing fails it confirms at the first attempt and delivers every message once.
    pub exact: bool,
    /// It keeps the order of a whole lane, not only of each key.
    pub lane_order: bool,
}

/// Declares a test for each sentence of the contract. The expression makes the [`Fixture`] of one test.
///
/// The tests need `tokio` with its macros.
#[macro_export]
macro_rules! conformance {
    ($fixture:expr) => {
        $crate::conformance!(@ $fixture =>
            confirmed_messages_survive_a_crash
            a_group_registered_before_a_crash_is_still_known
            what_was_acknowledged_stays_so_after_a_crash
            publishing_goes_on_where_it_ended_before_a_crash
            an_envelope_arrives_as_it_was_sent
            an_empty_batch_is_confirmed
            what_was_not_acknowledged_is_delivered_again
            acknowledging_is_cumulative
            a_late_acknowledgement_moves_nothing_back
            groups_are_independent
            subscriptions_of_one_group_are_each_delivered_everything
            a_dropped_receive_loses_nothing
            a_subscription_is_woken_by_a_message
            receiving_takes_no_longer_and_no_more_than_asked
            a_group_begins_at_the_oldest_message_kept
            messages_of_a_key_keep_their_order
            messages_of_a_lane_keep_their_order
            a_key_stays_in_its_lane
            redelivery_keeps_the_order
            concurrent_publishers_lose_nothing
            a_full_topic_pushes_back
            a_full_topic_is_still_full_after_a_crash
            acknowledging_makes_room_for_a_publisher_that_waits
            a_full_topic_does_not_hold_up_another
            a_topic_without_groups_takes_whatever_comes
            a_message_that_is_too_large_holds_back_its_own_key_only
            a_request_is_answered
            many_requests_are_answered_each_with_its_own_reply
            a_request_that_nobody_serves_fails
            a_request_without_a_reply_fails_by_its_deadline
            a_lost_request_harms_nothing
            a_server_that_drains_finishes_what_it_has_begun
        );
    };
    (@ $fixture:expr => $($sentence:ident)*) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $sentence() {
                $crate::conformance::$sentence(&$fixture).await;
            }
        )*
    };
}

const TOPIC: &str = "conformance.events";

/// The `n`th message of a key.
fn message(key: &str, n: u64) -> Envelope {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{key}/{n}").as_bytes());
    Envelope {
        version: Some(n),
        ..Envelope::new(id, "/conformance", "thing.happened", key, 0, Data::of(&n).unwrap())
    }
}

/// Messages 1 to `each` of every key, keys alternating.
fn messages(keys: &[&str], each: u64) -> Vec<Envelope> {
    (1..=each).flat_map(|n| keys.iter().map(move |key| message(key, n))).collect()
}

/// Keys that share a lane, and one that does not if the broker has lanes enough.
const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Publishes until all is confirmed, as a relay would.
async fn publish(broker: &dyn Broker, topic: &str, batch: &[Envelope]) {
    let mut rest = batch.to_vec();
    let deadline = Instant::now() + PATIENCE;
    loop {
        match broker.publish(topic, &rest).await {
            Ok(()) => return,
            Err(PublishError::Partly { failures, .. }) => {
                rest = failures.iter().map(|failure| rest[failure.index].clone()).collect();
            }
            Err(error) => assert!(Instant::now() < deadline, "never confirmed: {error}"),
        }
    }
}

/// A consumer that subscribes again whenever its subscription ends.
struct Reader<'a> {
    broker: &'a dyn Broker,
    group: &'a str,
    lanes: Range<u16>,
    subscription: Option<Box<dyn Subscription>>,
    /// Every delivery, duplicates included.
    seen: Vec<Delivery>,
}

impl<'a> Reader<'a> {
    fn new(broker: &'a dyn Broker, group: &'a str) -> Self {
        Self::of(broker, group, 0..broker.lanes())
    }

    fn of(broker: &'a dyn Broker, group: &'a str, lanes: Range<u16>) -> Self {
        Self { broker, group, lanes, subscription: None, seen: Vec::new() }
    }

    async fn subscription(&mut self) -> &mut Box<dyn Subscription> {
        if self.subscription.is_none() {
            let subscribed = self.broker.subscribe(TOPIC, self.group, self.lanes.clone()).await;
            self.subscription = Some(subscribed.expect("a broker that was opened can be subscribed to"));
        }
        self.subscription.as_mut().expect("just set")
    }

    /// One round, as long as `within`.
    async fn receive(&mut self, within: Duration) -> usize {
        match self.subscription().await.receive(64, within).await {
            Ok(deliveries) => {
                self.seen.extend(deliveries.iter().cloned());
                deliveries.len()
            }
            Err(_) => {
                self.subscription = None;
                0
            }
        }
    }

    /// Receives until there have been `count` different messages.
    async fn until(&mut self, count: usize) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        while self.distinct().len() < count {
            assert!(Instant::now() < deadline, "{} of {count} messages came", self.distinct().len());
            self.receive(QUIET).await;
        }
        self
    }

    /// Receives until nothing comes for a while.
    async fn until_quiet(&mut self) -> &mut Self {
        while self.receive(QUIET).await > 0 {}
        self
    }

    /// Acknowledges all that was seen.
    async fn ack_all(&mut self) {
        let last: BTreeMap<u16, u64> = self.seen.iter().map(|seen| (seen.lane, seen.position)).collect();
        self.ack(&last.into_iter().collect::<Vec<_>>()).await;
    }

    async fn ack(&mut self, positions: &[(u16, u64)]) {
        let deadline = Instant::now() + PATIENCE;
        while self.subscription().await.ack(positions).await.is_err() {
            assert!(Instant::now() < deadline, "never acknowledged");
        }
    }

    /// The messages seen, each at its first delivery.
    fn distinct(&self) -> Vec<Envelope> {
        let mut distinct: Vec<Envelope> = Vec::new();
        for delivery in &self.seen {
            if distinct.iter().all(|envelope| envelope.id != delivery.envelope.id) {
                distinct.push(delivery.envelope.clone());
            }
        }
        distinct
    }

    /// Asserts that exactly these were seen, in any order across keys but in this order within each.
    fn saw(&self, expected: &[Envelope]) {
        assert_eq!(by_key(&self.distinct()), by_key(expected));
    }
}

fn by_key(envelopes: &[Envelope]) -> BTreeMap<String, Vec<u64>> {
    let mut by_key: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for envelope in envelopes {
        by_key.entry(envelope.partition_key.clone()).or_default().extend(envelope.version);
    }
    by_key
}
