//! The broker's tables, and its transactions.

use std::ops::Range;

use database::{Error, Kind, Migration, Schema, Transaction, params, statements};

/// The tables of the embedded broker.
pub const SCHEMA: Schema = Schema {
    name: "broker",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE broker_topics (
                topic TEXT NOT NULL PRIMARY KEY,
                last_position BIGINT NOT NULL
            );
            CREATE TABLE broker_messages (
                topic TEXT NOT NULL,
                position BIGINT NOT NULL,
                lane BIGINT NOT NULL,
                bytes BIGINT NOT NULL,
                body TEXT NOT NULL,
                PRIMARY KEY (topic, position)
            );
            CREATE TABLE broker_groups (
                topic TEXT NOT NULL,
                name TEXT NOT NULL,
                lane BIGINT NOT NULL,
                acked BIGINT NOT NULL,
                PRIMARY KEY (topic, name, lane)
            )",
    }],
};

statements! {
    /// Every topic and its last position.
    pub const TOPICS: "SELECT topic, last_position FROM broker_topics";

    /// Every message's topic and size.
    pub const SIZES: "SELECT topic, bytes FROM broker_messages";

    /// Takes the next positions of a topic and returns the last of them.
    pub const ADVANCE: "
        INSERT INTO broker_topics (topic, last_position) VALUES ($1, $2)
        ON CONFLICT (topic) DO UPDATE SET last_position = broker_topics.last_position + excluded.last_position
        RETURNING last_position";

    /// Keeps a message.
    pub const APPEND: "
        INSERT INTO broker_messages (topic, position, lane, bytes, body) VALUES ($1, $2, $3, $4, $5)";

    /// Messages of some lanes after a position.
    pub const FETCH: "
        SELECT position, lane, body FROM broker_messages
        WHERE topic = $1 AND position > $2 AND lane >= $3 AND lane < $4 ORDER BY position LIMIT $5";

    /// Where a group is in some lanes, if it is known.
    pub const CURSORS: "
        SELECT lane, acked FROM broker_groups
        WHERE topic = $1 AND name = $2 AND lane >= $3 AND lane < $4 ORDER BY lane";

    /// Makes a group known in a lane: it begins at the oldest message that is kept, or at the topic's end.
    pub const REGISTER: "
        INSERT INTO broker_groups (topic, name, lane, acked)
        SELECT $1, $2, $3, coalesce(
            (SELECT min(position) - 1 FROM broker_messages WHERE topic = $1),
            (SELECT last_position FROM broker_topics WHERE topic = $1),
            0)
        WHERE true
        ON CONFLICT (topic, name, lane) DO NOTHING";

    /// Forgets a group.
    pub const UNREGISTER: "DELETE FROM broker_groups WHERE topic = $1 AND name = $2";

    /// Moves a group forward in some lanes, never back.
    pub const ACK: "
        UPDATE broker_groups SET acked = $5
        WHERE topic = $1 AND name = $2 AND lane >= $3 AND lane < $4 AND acked < $5";

    /// Up to where every group of a topic has acknowledged everything, if there is a group.
    pub const ACKED_BY_ALL: "SELECT min(acked) FROM broker_groups WHERE topic = $1";

    /// Drops messages up to a position and returns their sizes.
    pub const DROP: "DELETE FROM broker_messages WHERE topic = $1 AND position <= $2 RETURNING bytes";

    /// How many messages groups have not acknowledged, each counted for every such group.
    pub const UNACKNOWLEDGED: "
        SELECT count(*) FROM broker_groups g
        JOIN broker_messages m ON m.topic = g.topic AND m.lane = g.lane AND m.position > g.acked";

    /// How many messages a group has not acknowledged.
    pub const LAG: "
        SELECT count(*) FROM broker_groups g
        JOIN broker_messages m ON m.topic = g.topic AND m.lane = g.lane AND m.position > g.acked
        WHERE g.topic = $1 AND g.name = $2";
}

/// How much a topic holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that not every group has acknowledged.
    pub messages: u64,
    /// The bytes of those messages, as JSON.
    pub bytes: u64,
}

impl Backlog {
    pub(super) fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }
}

/// A message as it is kept.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) lane: u16,
    pub(super) json: String,
}

/// What appending to a topic did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Appended {
    /// The topic's last position.
    pub(super) head: u64,
    /// What was dropped since nobody follows the topic.
    pub(super) dropped: Backlog,
}

/// What was of no use any more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    /// The position up to which nothing is kept.
    pub(super) until: u64,
    pub(super) backlog: Backlog,
}

/// Up to where a group has everything of some lanes behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acked {
    pub(super) lanes: Range<u16>,
    pub(super) position: u64,
}

/// Appends messages in their order. `unclaimed` is how many the topic keeps while no group is registered.
pub(super) async fn append(
    tx: &mut Transaction,
    topic: &str,
    bodies: &[Body],
    unclaimed: u64,
) -> Result<Appended, Error> {
    let count = bodies.len() as u64;
    let head: u64 = tx.query_one(ADVANCE, params![topic, count], |row| row.get(0)).await?;
    for (position, Body { lane, json }) in (head - count + 1..).zip(bodies) {
        tx.execute(APPEND, params![topic, position, u32::from(*lane), json.len() as u64, json]).await?;
    }
    let mut dropped = Backlog::default();
    if acked_by_all(tx, topic).await?.is_none() {
        dropped = drop_until(tx, topic, head.saturating_sub(unclaimed)).await?;
    }
    Ok(Appended { head, dropped })
}

/// Moves a group forward, and drops and returns what is then of no use to any group.
pub(super) async fn ack(
    tx: &mut Transaction,
    topic: &str,
    group: &str,
    acked: &[Acked],
) -> Result<Dropped, Error> {
    let mut moved = 0;
    for Acked { lanes, position } in acked {
        let (first, end) = (u32::from(lanes.start), u32::from(lanes.end));
        moved += tx.execute(ACK, params![topic, group, first, end, position]).await?;
    }
    if moved == 0 { Ok(Dropped::default()) } else { drop_acked(tx, topic).await }
}

/// Forgets a group, and drops and returns what was kept for it alone.
pub(super) async fn unregister(tx: &mut Transaction, topic: &str, group: &str) -> Result<Dropped, Error> {
    tx.execute(UNREGISTER, params![topic, group]).await?;
    drop_acked(tx, topic).await
}

async fn drop_acked(tx: &mut Transaction, topic: &str) -> Result<Dropped, Error> {
    let Some(until) = acked_by_all(tx, topic).await? else { return Ok(Dropped::default()) };
    Ok(Dropped { until, backlog: drop_until(tx, topic, until).await? })
}

async fn acked_by_all(tx: &mut Transaction, topic: &str) -> Result<Option<u64>, Error> {
    tx.query_one(ACKED_BY_ALL, params![topic], |row| row.get(0)).await
}

async fn drop_until(tx: &mut Transaction, topic: &str, position: u64) -> Result<Backlog, Error> {
    let mut dropped = Backlog::default();
    for bytes in tx.query(DROP, params![topic, position], |row| row.get(0)).await? {
        dropped.add(bytes);
    }
    Ok(dropped)
}
