//! The outbox's tables and statements.

use database::{Kind, Migration, Schema, statements};

/// The tables of the outbox, for the service's own database.
///
/// `outbox` has the columns that Debezium's outbox event router expects (`id`, `aggregatetype`, `aggregateid`, `type`,
/// `payload`), so that change data capture can take the relay's place. What was published is not counted where it is taken
/// out: it is what was put in, less what waits, each with its `fingerprint` unless it is not counted.
pub const SCHEMA: Schema = Schema {
    name: "outbox",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE outbox (
                topic TEXT NOT NULL,
                enqueued_at BIGINT NOT NULL,
                partition BIGINT NOT NULL,
                sequence BIGINT NOT NULL,
                partitionkey TEXT NOT NULL,
                id BYTEA NOT NULL,
                aggregatetype TEXT NOT NULL,
                aggregateid TEXT NOT NULL,
                type TEXT NOT NULL,
                headers TEXT NOT NULL,
                payload TEXT NOT NULL,
                fingerprint BIGINT,
                PRIMARY KEY (topic, enqueued_at, partition, sequence)
            );
            CREATE TABLE outbox_enqueued (
                topic TEXT NOT NULL,
                partition BIGINT NOT NULL,
                sequence BIGINT NOT NULL,
                latest_at BIGINT NOT NULL,
                messages BIGINT NOT NULL,
                fingerprints BIGINT NOT NULL,
                PRIMARY KEY (topic, partition)
            );
            CREATE TABLE outbox_held (
                topic TEXT NOT NULL,
                partitionkey TEXT NOT NULL,
                failures BIGINT NOT NULL,
                retry_at BIGINT NOT NULL,
                error TEXT NOT NULL,
                PRIMARY KEY (topic, partitionkey)
            )",
    }],
};

statements! {
    /// Takes the next place of a partition and counts what is put there.
    ///
    /// The row stays locked until the commit, so that places are visible in their order, and `latest_at` does not go
    /// back within a partition: ordered by it and then by place, a partition's rows come in their order.
    pub const TAKE_PLACE: "
        INSERT INTO outbox_enqueued (topic, partition, sequence, latest_at, messages, fingerprints)
        VALUES ($1, $2, 1, $3, $4, $5)
        ON CONFLICT (topic, partition) DO UPDATE SET
            sequence = outbox_enqueued.sequence + 1,
            latest_at = CASE WHEN excluded.latest_at > outbox_enqueued.latest_at
                THEN excluded.latest_at ELSE outbox_enqueued.latest_at END,
            messages = outbox_enqueued.messages + excluded.messages,
            fingerprints = (outbox_enqueued.fingerprints + excluded.fingerprints) % 4611686018427387904
        RETURNING sequence, latest_at, messages, fingerprints";

    /// Puts a message in.
    pub const ENQUEUE: "
        INSERT INTO outbox (topic, enqueued_at, partition, sequence, partitionkey, id, aggregatetype, aggregateid,
                            type, headers, payload, fingerprint)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    /// The first topic after another that has messages.
    pub const NEXT_TOPIC: "SELECT min(topic) FROM outbox WHERE topic > $1";

    /// The first messages of a topic whose keys are not held, in an order that keeps that of each partition.
    pub const BATCH: "
        SELECT o.enqueued_at, o.partition, o.sequence, o.headers, o.payload, h.failures
        FROM outbox o
        LEFT JOIN outbox_held h ON h.topic = o.topic AND h.partitionkey = o.partitionkey
        WHERE o.topic = $1 AND (h.retry_at IS NULL OR h.retry_at <= $2)
        ORDER BY o.topic, o.enqueued_at, o.partition, o.sequence LIMIT $3";

    /// When the first of the held keys that are not due yet is due.
    pub const NEXT_RETRY: "SELECT min(retry_at) FROM outbox_held WHERE retry_at > $1";

    /// Takes a confirmed message out.
    pub const CONFIRM: "
        DELETE FROM outbox WHERE topic = $1 AND enqueued_at = $2 AND partition = $3 AND sequence = $4";

    /// Holds a key back until its next attempt.
    pub const HOLD: "
        INSERT INTO outbox_held (topic, partitionkey, failures, retry_at, error) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (topic, partitionkey) DO UPDATE SET
            failures = excluded.failures, retry_at = excluded.retry_at, error = excluded.error";

    /// Holds a key back no longer.
    pub const LET_GO: "DELETE FROM outbox_held WHERE topic = $1 AND partitionkey = $2";

    /// When the oldest message of a topic was put in.
    pub const OLDEST: "SELECT min(enqueued_at) FROM outbox WHERE topic = $1";

    /// How many messages wait.
    pub const WAITING: "SELECT count(*) FROM outbox";

    /// How many keys are held back.
    pub const HELD_KEYS: "SELECT count(*) FROM outbox_held";

    /// The keys that are held back.
    pub const HELD: "
        SELECT topic, partitionkey, failures, retry_at, error FROM outbox_held
        ORDER BY topic, partitionkey LIMIT $1";

    /// What every partition of every topic counts.
    pub const COUNTS: "
        SELECT topic, partition, messages, fingerprints FROM outbox_enqueued ORDER BY topic, partition";

    /// The messages that wait and are counted.
    pub const WAITING_COUNTED: "SELECT topic, partition, fingerprint FROM outbox WHERE fingerprint IS NOT NULL";
}
