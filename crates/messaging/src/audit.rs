//! What was published and handled, counted on both sides, so that it can be compared.
//!
//! At rest every message that an outbox took in was published once as far as it counts, and every consumer has
//! handled each, or an operator has discarded it. Counts and sums are kept for good, whatever rows are cleaned.

use std::collections::BTreeMap;
use std::fmt;

use database::{Error, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::{Tally, dead_letters, inbox, outbox};

/// What a service's outbox counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxAudit {
    /// Each partition of each topic, in order.
    pub partitions: Vec<Published>,
    /// How many messages wait to be published.
    pub unconfirmed: u64,
    /// Since when the oldest of them waits, in microseconds since the Unix epoch.
    pub oldest_unconfirmed_at: Option<i64>,
}

/// What an outbox counts of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The topic.
    pub topic: String,
    /// The virtual partition.
    pub partition: u8,
    /// What was put in.
    pub enqueued: Tally,
    /// What was confirmed: all but what waits.
    pub published: Tally,
}

/// What a service's consumers count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxAudit {
    /// Each partition that each consumer has seen messages of, in order.
    pub partitions: Vec<Handled>,
    /// How many messages are parked.
    pub parked: u64,
    /// How many keys wait for an operator.
    pub stuck: u64,
    /// How many messages were discarded.
    pub discarded: u64,
}

/// What a consumer counts of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handled {
    /// The group.
    pub consumer: String,
    /// The topic.
    pub topic: String,
    /// Who sent the messages.
    pub source: String,
    /// The virtual partition.
    pub partition: u8,
    /// What the producer had counted before the first message that this consumer saw.
    pub began: Tally,
    /// What the producer had counted with the latest message that this consumer saw.
    pub latest: Tally,
    /// What was handled since the beginning.
    pub handled: Tally,
    /// What was discarded since the beginning.
    pub discarded: Tally,
}

impl Handled {
    /// Whether all that the producer had counted up to the latest message seen is accounted for. Needs no look at
    /// the producer, and holds whenever nothing is parked or on its way out of order.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.accounted() == self.latest.since(self.began)
    }

    fn accounted(&self) -> Tally {
        self.handled.plus(self.discarded)
    }
}

/// What an outbox counts; the schemas of the database include that of the outbox.
///
/// # Errors
/// Those of a statement.
pub async fn of_outbox(tx: &mut Transaction) -> Result<OutboxAudit, Error> {
    let mut waiting: BTreeMap<(String, u32), Tally> = BTreeMap::new();
    let wait = |row: &Row<'_>| {
        let tally = waiting.entry((row.get(0)?, row.get(1)?)).or_default();
        *tally = tally.plus(Tally::one(row.get(2)?));
        Ok(())
    };
    tx.query(outbox::store::WAITING_COUNTED, params![], wait).await?;
    let partitions = tx.query(outbox::store::COUNTS, params![], |row| {
        let (key, enqueued) = ((row.get(0)?, row.get(1)?), Tally { count: row.get(2)?, sum: row.get(3)? });
        let published = enqueued.since(waiting.remove(&key).unwrap_or_default());
        let (topic, number) = key;
        Ok(Published { topic, partition: partition(number), enqueued, published })
    });
    Ok(OutboxAudit {
        partitions: partitions.await?,
        unconfirmed: tx.query_one(outbox::store::WAITING, params![], |row| row.get(0)).await?,
        oldest_unconfirmed_at: outbox::oldest(tx).await?,
    })
}

/// What consumers count; the schemas of the database include that of the inbox.
///
/// # Errors
/// Those of a statement.
pub async fn of_inbox(tx: &mut Transaction) -> Result<InboxAudit, Error> {
    let partitions = tx.query(inbox::store::COUNTS, params![], |row| {
        let tally = |at| Ok::<_, Error>(Tally { count: row.get(at)?, sum: row.get(at + 1)? });
        Ok(Handled {
            consumer: row.get(0)?,
            topic: row.get(1)?,
            source: row.get(2)?,
            partition: partition(row.get(3)?),
            began: tally(4)?,
            latest: tally(6)?,
            handled: tally(8)?,
            discarded: tally(10)?,
        })
    });
    Ok(InboxAudit {
        partitions: partitions.await?,
        parked: dead_letters::count(tx).await?,
        stuck: dead_letters::stuck(tx).await?,
        discarded: tx.query_one(inbox::store::DISCARDED, params![], |row| row.get(0)).await?,
    })
}

fn partition(number: u32) -> u8 {
    number.to_le_bytes()[0]
}

/// Where the two sides do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The group, if it is not the producer alone.
    pub consumer: Option<String>,
    /// The topic.
    pub topic: String,
    /// Who sent the messages.
    pub source: String,
    /// The virtual partition.
    pub partition: u8,
    /// What there should be.
    pub expected: Tally,
    /// What there is.
    pub found: Tally,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumer, topic, source, partition, expected, found } = self;
        match consumer {
            None => write!(f, "`{source}` put {expected} into `{topic}`/{partition}, but published {found}"),
            Some(consumer) => write!(
                f,
                "`{source}` published {expected} to `{topic}`/{partition} since `{consumer}` began, which handled or \
                 discarded {found}"
            ),
        }
    }
}

/// Compares both sides at rest: what each outbox took in with what it published, and that with what each consumer
/// has handled or discarded since it began. `outboxes` are by the source of their messages.
///
/// A consumer that has never seen a message of some partition has no row for it, and is not compared there.
#[must_use]
pub fn compare(outboxes: &BTreeMap<String, OutboxAudit>, inboxes: &[InboxAudit]) -> Vec<Disagreement> {
    let mut published = BTreeMap::new();
    let mut disagreements = Vec::new();
    for (source, row) in
        outboxes.iter().flat_map(|(source, audit)| audit.partitions.iter().map(move |row| (source, row)))
    {
        published.insert((&**source, &*row.topic, row.partition), row.published);
        disagreements.extend((row.enqueued != row.published).then(|| Disagreement {
            consumer: None,
            topic: row.topic.clone(),
            source: source.clone(),
            partition: row.partition,
            expected: row.enqueued,
            found: row.published,
        }));
    }
    for row in inboxes.iter().flat_map(|audit| &audit.partitions) {
        let of_producer =
            published.get(&(&*row.source, &*row.topic, row.partition)).copied().unwrap_or_default();
        let expected = of_producer.since(row.began);
        disagreements.extend((expected != row.accounted()).then(|| Disagreement {
            consumer: Some(row.consumer.clone()),
            topic: row.topic.clone(),
            source: row.source.clone(),
            partition: row.partition,
            expected,
            found: row.accounted(),
        }));
    }
    disagreements
}
