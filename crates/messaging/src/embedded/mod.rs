//! The broker inside of the process: durable in a SQLite file of its own.
//!
//! Publishers that publish at the same time share one sync of the disk. The 256 partitions share 16 lanes, partition
//! `p` being in lane `p / 16`. Positions are the topic's: a batch takes its own by one statement, and who follows every
//! lane has one place to read on from. One process at a time uses the file, through one [`Embedded`] and its clones.
//!
//! A message is dropped once every group of its topic has acknowledged it. A topic that no group follows keeps the
//! newest [`Options::unclaimed`] messages. A group that is registered holds messages back until it
//! acknowledges them or is [unregistered](Embedded::unregister): when its consumer is gone for good, publishers are
//! refused once the topic's backlog is full.

mod cursors;
mod head;
mod port;
mod requests;
pub mod store;
mod subscription;
mod tail;
mod topic;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use database::{Database, params};

pub use store::{Backlog, SCHEMA, STATEMENTS};
pub use topic::Figures;

use crate::Envelope;
use crate::broker::{Failure, HeldBack, PublishError, TooLarge};
use crate::partition::PARTITIONS;
use requests::Requests;
use store::Body;
use subscription::Follower;
use tail::Sent;
use topic::Topic;

const LANES: u16 = 16;

/// How the broker is opened; the defaults suit a demonstration and a small installation.
#[derive(Clone, Debug)]
pub struct Options {
    /// How its store is opened.
    pub database: database::Options,
    /// How much a topic may hold before publishers wait.
    pub backlog: Backlog,
    /// How long a publisher waits for room.
    pub full_wait: Duration,
    /// The largest message, in bytes of JSON.
    pub max_message_bytes: usize,
    /// How many messages a topic keeps while no group is registered.
    pub unclaimed: u64,
    /// How many requests one server handles at a time.
    pub requests_at_once: usize,
    /// How many more wait for one server, at least 1; beyond that they are refused.
    pub requests_waiting: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            database: database::Options::default(),
            backlog: Backlog { messages: 100_000, bytes: 64 << 20 },
            full_wait: Duration::from_secs(1),
            max_message_bytes: 1 << 20,
            unclaimed: 10_000,
            requests_at_once: 64,
            requests_waiting: 1024,
        }
    }
}

/// The embedded broker; clones share it.
#[derive(Clone)]
pub struct Embedded(Arc<Shared>);

struct Shared {
    db: Database,
    options: Options,
    topics: Mutex<HashMap<String, Arc<Topic>>>,
    requests: Requests,
}

impl Embedded {
    /// Opens the broker's file, creating it if needed.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open(path: &Path, options: Options) -> Result<Self, database::Error> {
        let db = Database::open(path, &[SCHEMA], options.database.clone())?;
        let broker =
            Self(Arc::new(Shared { db, options, topics: Mutex::default(), requests: Requests::default() }));
        let (heads, sizes) = broker.0.db.read(kept).await?;
        for (topic, head) in heads {
            broker.topic(&topic).advance(head);
        }
        for (topic, backlog) in sizes {
            broker.topic(&topic).opened(backlog);
        }
        Ok(broker)
    }

    /// Forgets a group and what is kept for it alone; its subscriptions receive nothing they can acknowledge.
    ///
    /// # Errors
    /// If that could not be made durable.
    pub async fn unregister(&self, topic: &str, group: &str) -> Result<(), database::Error> {
        let (name, group, state) = (topic.to_owned(), group.to_owned(), self.topic(topic));
        self.0
            .db
            .write(async move |tx| {
                let dropped = store::unregister(tx, &name, &group).await?;
                let state = Arc::clone(&state);
                tx.after_commit(move || state.dropped(dropped));
                Ok(())
            })
            .await
    }

    /// How much a topic holds now; cheap.
    #[must_use]
    pub fn backlog(&self, topic: &str) -> Backlog {
        self.topic(topic).backlog()
    }

    /// What every topic holds, and what has become of its messages since the broker was opened; cheap.
    #[must_use]
    pub fn figures(&self) -> Vec<Figures> {
        let topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let mut figures: Vec<_> = topics.iter().map(|(name, topic)| topic.figures(name)).collect();
        figures.sort_by(|one, other| one.topic.cmp(&other.topic));
        figures
    }

    /// How many messages are on their way: not acknowledged by a group, each counted for every such group. What waits in a topic that
    /// nobody has ever followed is not among them.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn unacknowledged(&self) -> Result<u64, database::Error> {
        let count = async |tx: &mut database::Transaction| {
            tx.query_one(store::UNACKNOWLEDGED, params![], |row| row.get(0)).await
        };
        self.0.db.read(count).await
    }

    /// How many messages a group has not acknowledged.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn lag(&self, topic: &str, group: &str) -> Result<u64, database::Error> {
        let (topic, group) = (topic.to_owned(), group.to_owned());
        self.0
            .db
            .read(async move |tx| tx.query_one(store::LAG, params![topic, group], |row| row.get(0)).await)
            .await
    }

    /// Waits for what was begun and closes the broker's file; everything fails from then on.
    pub async fn close(&self) {
        self.0.db.close().await;
    }

    /// Its store, for its figures.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.db
    }

    fn topic(&self, name: &str) -> Arc<Topic> {
        // Nothing panics while it is held.
        let mut topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = topics.get(name) {
            return Arc::clone(topic);
        }
        Arc::clone(topics.entry(name.to_owned()).or_default())
    }

    async fn append(&self, topic: &str, batch: &[Envelope]) -> Result<(), PublishError> {
        let state = self.topic(topic);
        let Taken { bodies, sent, failures } = self.take(batch, state.is_followed());
        if !bodies.is_empty() {
            let mut size = Backlog::default();
            bodies.iter().for_each(|body| size.add(body.json.len() as u64));
            let Options { backlog, full_wait: waited, .. } = self.0.options;
            let Some(_reserved) = state.reserve(size, backlog, waited).await else {
                state.refused(size.messages);
                return Err(PublishError::Full { topic: topic.to_owned(), waited });
            };
            let sent = sent.map(Arc::from);
            self.write(topic, Arc::clone(&state), bodies, size, sent).await.map_err(|error| {
                PublishError::Unavailable { topic: topic.to_owned(), source: Box::new(error) }
            })?;
            state.published(size.messages);
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(PublishError::Partly { topic: topic.to_owned(), failures })
        }
    }

    async fn write(
        &self,
        topic: &str,
        state: Arc<Topic>,
        bodies: Vec<Body>,
        size: Backlog,
        sent: Option<Arc<[Sent]>>,
    ) -> Result<(), database::Error> {
        let (topic, unclaimed) = (topic.to_owned(), self.0.options.unclaimed);
        self.0
            .db
            .write(async move |tx| {
                let appended = store::append(tx, &topic, &bodies, unclaimed).await?;
                let (state, sent) = (Arc::clone(&state), sent.clone());
                tx.after_commit(move || state.appended(appended, size, sent));
                Ok(())
            })
            .await
    }

    /// What to keep of a batch, and what is too large or comes after such a message of its key. `followed` tells whether
    /// somebody is to be given it from memory.
    fn take(&self, batch: &[Envelope], followed: bool) -> Taken {
        let max = self.0.options.max_message_bytes;
        let mut failures: Vec<Failure> = Vec::new();
        let mut bodies = Vec::with_capacity(batch.len());
        let mut sent = followed.then(|| Vec::with_capacity(batch.len()));
        for (index, envelope) in batch.iter().enumerate() {
            let key = &envelope.partition_key;
            if failures.iter().any(|failure| batch[failure.index].partition_key == *key) {
                failures.push(Failure { index, cause: Box::new(HeldBack) });
                continue;
            }
            let json = envelope.to_json();
            let (lane, bytes) = (lane(envelope.partition()), json.len());
            if bytes > max {
                failures.push(Failure { index, cause: Box::new(TooLarge { bytes, max }) });
                continue;
            }
            bodies.push(Body { lane, json });
            if let Some(sent) = &mut sent {
                sent.push(Sent { lane, bytes, envelope: envelope.clone() });
            }
        }
        Taken { bodies, sent, failures }
    }

    async fn follow(&self, topic: &str, group: &str, lanes: Range<u16>) -> Result<Follower, database::Error> {
        let (name, follower, state) = (topic.to_owned(), group.to_owned(), self.topic(topic));
        let lanes = lanes.start.min(LANES)..lanes.end.min(LANES);
        let first = lanes.start;
        let acked =
            self.0.db.write(async move |tx| store::register(tx, &name, &follower, lanes.clone()).await);
        let acked: Vec<u64> = acked.await?;
        Ok(Follower::new(self.0.db.clone(), topic, group, state, first, &acked))
    }
}

/// What becomes of a batch.
struct Taken {
    bodies: Vec<Body>,
    sent: Option<Vec<Sent>>,
    failures: Vec<Failure>,
}

/// The lane of a virtual partition.
const fn lane(partition: u8) -> u16 {
    partition as u16 / (PARTITIONS / LANES)
}

type Kept = (Vec<(String, u64)>, HashMap<String, Backlog>);

async fn kept(tx: &mut database::Transaction) -> Result<Kept, database::Error> {
    let heads = tx.query(store::TOPICS, params![], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let mut sizes: HashMap<String, Backlog> = HashMap::new();
    for (topic, bytes) in tx.query(store::SIZES, params![], |row| Ok((row.get(0)?, row.get(1)?))).await? {
        sizes.entry(topic).or_default().add(bytes);
    }
    Ok((heads, sizes))
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("options", &self.0.options).finish_non_exhaustive()
    }
}
