//! The broker's tables, and its transactions.

use database::{Error, Kind, Migration, Schema, Transaction, params, statements};

/// The tables of the embedded broker.
pub const SCHEMA: Schema = Schema {
    name: "broker",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE broker_lanes (
                topic TEXT NOT NULL,
                lane BIGINT NOT NULL,
                last_position BIGINT NOT NULL,
                PRIMARY KEY (topic, lane)
            );
            CREATE TABLE broker_messages (
                topic TEXT NOT NULL,
                lane BIGINT NOT NULL,
                position BIGINT NOT NULL,
                bytes BIGINT NOT NULL,
                body TEXT NOT NULL,
                PRIMARY KEY (topic, lane, position)
            );
            CREATE TABLE broker_groups (
                topic TEXT NOT NULL,
                lane BIGINT NOT NULL,
                name TEXT NOT NULL,
                acked BIGINT NOT NULL,
                PRIMARY KEY (topic, lane, name)
            )",
    }],
};

statements! {
    /// Every topic's lanes and their last positions.
    pub const LANES: "SELECT topic, lane, last_position FROM broker_lanes";

    /// Every message's topic and size.
    pub const SIZES: "SELECT topic, bytes FROM broker_messages";

    /// Takes the next positions of a lane and returns the last of them.
    pub const ADVANCE: "
        INSERT INTO broker_lanes (topic, lane, last_position) VALUES ($1, $2, $3)
        ON CONFLICT (topic, lane) DO UPDATE SET last_position = broker_lanes.last_position + excluded.last_position
        RETURNING last_position";

    /// Keeps a message.
    pub const APPEND: "
        INSERT INTO broker_messages (topic, lane, position, bytes, body) VALUES ($1, $2, $3, $4, $5)";

    /// Messages after a position.
    pub const FETCH: "
        SELECT position, body FROM broker_messages
        WHERE topic = $1 AND lane = $2 AND position > $3 ORDER BY position LIMIT $4";

    /// Where a group is, if it is known.
    pub const CURSOR: "SELECT acked FROM broker_groups WHERE topic = $1 AND lane = $2 AND name = $3";

    /// Makes a group known in a lane: it begins at the oldest message that is kept, or at the lane's end.
    pub const REGISTER: "
        INSERT INTO broker_groups (topic, lane, name, acked)
        SELECT $1, $2, $3, coalesce(
            (SELECT min(position) - 1 FROM broker_messages WHERE topic = $1 AND lane = $2),
            (SELECT last_position FROM broker_lanes WHERE topic = $1 AND lane = $2),
            0)
        WHERE true
        ON CONFLICT (topic, lane, name) DO NOTHING";

    /// Forgets a group.
    pub const UNREGISTER: "DELETE FROM broker_groups WHERE topic = $1 AND name = $2";

    /// Moves a group forward, never back.
    pub const ACK: "
        UPDATE broker_groups SET acked = $4 WHERE topic = $1 AND lane = $2 AND name = $3 AND acked < $4";

    /// What every group of a lane has acknowledged, if there is a group.
    pub const ACKED_BY_ALL: "SELECT min(acked) FROM broker_groups WHERE topic = $1 AND lane = $2";

    /// Drops messages up to a position and returns their sizes.
    pub const DROP: "
        DELETE FROM broker_messages WHERE topic = $1 AND lane = $2 AND position <= $3 RETURNING bytes";

    /// How many messages each lane holds that a group has not acknowledged.
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
#[derive(Debug, Default)]
pub(super) struct Appended {
    /// The last position of each lane that was appended to.
    pub(super) heads: Vec<(u16, u64)>,
    /// What was dropped since nobody follows the topic.
    pub(super) dropped: Backlog,
}

/// Appends messages in their order. `unclaimed` is how many each lane keeps while no group is registered.
pub(super) async fn append(
    tx: &mut Transaction,
    topic: &str,
    bodies: &[Body],
    unclaimed: u64,
) -> Result<Appended, Error> {
    let mut appended = Appended::default();
    let mut lanes: Vec<u16> = bodies.iter().map(|body| body.lane).collect();
    lanes.sort_unstable();
    lanes.dedup();
    for lane in lanes {
        let of_lane = || bodies.iter().filter(|body| body.lane == lane);
        let count = of_lane().count() as u64;
        let head: u64 =
            tx.query_one(ADVANCE, params![topic, u32::from(lane), count], |row| row.get(0)).await?;
        for (position, body) in (head - count + 1..).zip(of_lane()) {
            let bytes = body.json.len() as u64;
            tx.execute(APPEND, params![topic, u32::from(lane), position, bytes, body.json]).await?;
        }
        if acked_by_all(tx, topic, lane).await?.is_none() {
            drop_until(tx, topic, lane, head.saturating_sub(unclaimed), &mut appended.dropped).await?;
        }
        appended.heads.push((lane, head));
    }
    Ok(appended)
}

/// Moves a group forward and drops what is then of no use to any group.
pub(super) async fn ack(
    tx: &mut Transaction,
    topic: &str,
    lane: u16,
    group: &str,
    position: u64,
    dropped: &mut Backlog,
) -> Result<(), Error> {
    if tx.execute(ACK, params![topic, u32::from(lane), group, position]).await? > 0
        && let Some(acked) = acked_by_all(tx, topic, lane).await?
    {
        drop_until(tx, topic, lane, acked, dropped).await?;
    }
    Ok(())
}

/// Forgets a group and drops what was kept for it alone.
pub(super) async fn unregister(
    tx: &mut Transaction,
    topic: &str,
    group: &str,
    lanes: u16,
) -> Result<Backlog, Error> {
    let mut dropped = Backlog::default();
    tx.execute(UNREGISTER, params![topic, group]).await?;
    for lane in 0..lanes {
        if let Some(acked) = acked_by_all(tx, topic, lane).await? {
            drop_until(tx, topic, lane, acked, &mut dropped).await?;
        }
    }
    Ok(dropped)
}

async fn acked_by_all(tx: &mut Transaction, topic: &str, lane: u16) -> Result<Option<u64>, Error> {
    tx.query_one(ACKED_BY_ALL, params![topic, u32::from(lane)], |row| row.get(0)).await
}

async fn drop_until(
    tx: &mut Transaction,
    topic: &str,
    lane: u16,
    position: u64,
    dropped: &mut Backlog,
) -> Result<(), Error> {
    for bytes in tx.query(DROP, params![topic, u32::from(lane), position], |row| row.get(0)).await? {
        dropped.add(bytes);
    }
    Ok(())
}
