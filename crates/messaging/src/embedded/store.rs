//! The broker's tables, and its transactions.

use std::ops::Range;

use database::{Error, Kind, Migration, Row, Schema, Transaction, params, statements};

use super::cursors::{Acked, Cursors};

/// The tables of the embedded broker.
///
/// A row of `broker_groups` tells how far a group is in `lanes` lanes from `lane` on: those that are equally far share one. In
/// the first version each lane had its own, and a program of that version would take one row of many lanes for the first alone.
pub const SCHEMA: Schema = Schema { name: "broker", migrations: &[FIRST, LANES_SHARE_A_ROW] };

const FIRST: Migration = Migration {
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
};

const LANES_SHARE_A_ROW: Migration = Migration {
    version: 2,
    kind: Kind::Contract { oldest_reader: 2 },
    sql: "ALTER TABLE broker_groups ADD COLUMN lanes BIGINT NOT NULL DEFAULT 1",
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

    /// How far a group is.
    pub const CURSORS: "
        SELECT lane, lanes, acked FROM broker_groups WHERE topic = $1 AND name = $2 ORDER BY lane";

    /// Where a group begins: at the oldest message that is kept, or at the topic's end.
    pub const BEGINNING: "
        SELECT coalesce(
            (SELECT min(position) - 1 FROM broker_messages WHERE topic = $1),
            (SELECT last_position FROM broker_topics WHERE topic = $1),
            0)";

    /// Writes down how far a group is in some lanes.
    pub const KEEP_CURSOR: "
        INSERT INTO broker_groups (topic, name, lane, lanes, acked) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (topic, name, lane) DO UPDATE SET lanes = excluded.lanes, acked = excluded.acked";

    /// Forgets a row whose lanes are told by another.
    pub const DROP_CURSOR: "DELETE FROM broker_groups WHERE topic = $1 AND name = $2 AND lane = $3";

    /// Forgets a group.
    pub const UNREGISTER: "DELETE FROM broker_groups WHERE topic = $1 AND name = $2";

    /// Up to where every group of a topic has acknowledged everything, if there is a group.
    pub const ACKED_BY_ALL: "SELECT min(acked) FROM broker_groups WHERE topic = $1";

    /// Drops messages up to a position and returns their sizes.
    pub const DROP: "DELETE FROM broker_messages WHERE topic = $1 AND position <= $2 RETURNING bytes";

    /// How many messages groups have not acknowledged, each counted for every such group.
    pub const UNACKNOWLEDGED: "
        SELECT count(*) FROM broker_groups g
        JOIN broker_messages m ON m.topic = g.topic AND m.position > g.acked
            AND m.lane >= g.lane AND m.lane < g.lane + g.lanes";

    /// How many messages a group has not acknowledged.
    pub const LAG: "
        SELECT count(*) FROM broker_groups g
        JOIN broker_messages m ON m.topic = g.topic AND m.position > g.acked
            AND m.lane >= g.lane AND m.lane < g.lane + g.lanes
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

/// Makes a group known in some lanes, where it is not, and tells how far it is in each of them.
pub(super) async fn register(
    tx: &mut Transaction,
    topic: &str,
    group: &str,
    lanes: Range<u16>,
) -> Result<Vec<u64>, Error> {
    let before = tx.query(CURSORS, params![topic, group], cursor).await?;
    let mut cursors = Cursors::of(&before);
    if cursors.in_lanes(lanes.clone()).any(|acked| acked.is_none()) {
        let beginning = tx.query_one(BEGINNING, params![topic], |row| row.get(0)).await?;
        cursors.begin(lanes.clone(), beginning);
        keep(tx, topic, group, &before, &cursors.rows()).await?;
    }
    Ok(cursors.in_lanes(lanes).flatten().collect())
}

/// Moves a group forward, never back, and drops and returns what is then of no use to any group.
pub(super) async fn ack(
    tx: &mut Transaction,
    topic: &str,
    group: &str,
    acked: &[Acked],
) -> Result<Dropped, Error> {
    let before = tx.query(CURSORS, params![topic, group], cursor).await?;
    let mut cursors = Cursors::of(&before);
    acked.iter().for_each(|acked| cursors.advance(acked));
    let after = cursors.rows();
    if after == before {
        return Ok(Dropped::default());
    }
    keep(tx, topic, group, &before, &after).await?;
    drop_acked(tx, topic).await
}

fn cursor(row: &Row<'_>) -> Result<Acked, Error> {
    let (lane, lanes): (u32, u32) = (row.get(0)?, row.get(1)?);
    let end = lane.saturating_add(lanes);
    let [lane, end] = [lane, end].map(|lane| u16::try_from(lane).unwrap_or(u16::MAX));
    Ok(Acked { lanes: lane..end, position: row.get(2)? })
}

/// Writes down where a group is, so far as that is not written.
async fn keep(
    tx: &mut Transaction,
    topic: &str,
    group: &str,
    before: &[Acked],
    after: &[Acked],
) -> Result<(), Error> {
    let is_kept = |row: &Acked| after.iter().any(|kept| kept.lanes.start == row.lanes.start);
    for Acked { lanes, .. } in before.iter().filter(|row| !is_kept(row)) {
        tx.execute(DROP_CURSOR, params![topic, group, u32::from(lanes.start)]).await?;
    }
    for Acked { lanes, position } in after.iter().filter(|row| !before.contains(row)) {
        let (first, count) = (u32::from(lanes.start), lanes.len() as u64);
        tx.execute(KEEP_CURSOR, params![topic, group, first, count, position]).await?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use database::{Database, Options};

    use super::*;
    use crate::{Broker, Embedded};

    const EACH_LANE_A_ROW: Schema = Schema { name: "broker", migrations: &[FIRST] };
    statements! {
        /// Makes a group known in a lane, as the first version did.
        const REGISTER: "INSERT INTO broker_groups (topic, name, lane, acked) VALUES ($1, $2, $3, $4)";
    }

    /// A file as the first version left it: a group that is at 5 in its first lane, and at 7 in all others.
    async fn write_first_version(path: &Path) {
        let db = Database::open(path, &[EACH_LANE_A_ROW], Options::default()).unwrap();
        let written = db.write(async |tx| {
            for lane in 0..u32::from(super::super::LANES) {
                let acked = if lane == 0 { 5 } else { 7_u64 };
                tx.execute(REGISTER, params!["t", "g", lane, acked]).await?;
            }
            Ok::<_, Error>(())
        });
        written.await.unwrap();
        db.close().await;
    }

    async fn cursors(broker: &Embedded) -> Vec<Acked> {
        let read = async |tx: &mut Transaction| tx.query(CURSORS, params!["t", "g"], cursor).await;
        broker.database().read(read).await.unwrap()
    }

    #[tokio::test]
    async fn a_group_of_the_first_version_goes_on_where_it_was_and_has_one_row_once_its_lanes_are_equally_far()
     {
        let (folder, options) = (tempfile::tempdir().unwrap(), crate::embedded::Options::default());
        let path = folder.path().join("broker.db");
        write_first_version(&path).await;
        let broker = Embedded::open(&path, options).await.unwrap();
        broker.register("t", "g").await.unwrap();
        assert_eq!(cursors(&broker).await.len(), 16, "nothing has moved");
        let mut first = broker.subscribe("t", "g", 0..1).await.unwrap();
        first.ack(&[(0, 7)]).await.unwrap();
        assert_eq!(cursors(&broker).await, [Acked { lanes: 0..16, position: 7 }]);
    }
}
