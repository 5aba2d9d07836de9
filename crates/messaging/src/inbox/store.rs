//! The inbox's tables and statements.

use database::{Kind, Migration, Schema, statements};

/// The tables of the inbox, for the database of the service that consumes.
///
/// The ids of messages have no order, their keys mostly that of time: with the key before the id, what is handled at the same
/// time is written to few pages.
pub const SCHEMA: Schema = Schema {
    name: "inbox",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE inbox_handled (
                consumer TEXT NOT NULL,
                topic TEXT NOT NULL,
                partitionkey TEXT NOT NULL,
                message_id BYTEA NOT NULL,
                handled_at BIGINT NOT NULL,
                PRIMARY KEY (consumer, topic, partitionkey, message_id)
            );
            CREATE INDEX inbox_handled_at ON inbox_handled (handled_at);
            CREATE TABLE inbox_versions (
                consumer TEXT NOT NULL,
                topic TEXT NOT NULL,
                subject TEXT NOT NULL,
                version BIGINT NOT NULL,
                PRIMARY KEY (consumer, topic, subject)
            );
            CREATE TABLE inbox_counts (
                consumer TEXT NOT NULL,
                topic TEXT NOT NULL,
                source TEXT NOT NULL,
                partition BIGINT NOT NULL,
                began_messages BIGINT NOT NULL,
                began_fingerprints BIGINT NOT NULL,
                latest_messages BIGINT NOT NULL,
                latest_fingerprints BIGINT NOT NULL,
                handled_messages BIGINT NOT NULL,
                handled_fingerprints BIGINT NOT NULL,
                discarded_messages BIGINT NOT NULL,
                discarded_fingerprints BIGINT NOT NULL,
                PRIMARY KEY (consumer, topic, source, partition)
            );
            CREATE TABLE inbox_blocked (
                consumer TEXT NOT NULL,
                topic TEXT NOT NULL,
                partitionkey TEXT NOT NULL,
                failures BIGINT NOT NULL,
                retry_at BIGINT,
                blocked_at BIGINT NOT NULL,
                error TEXT NOT NULL,
                PRIMARY KEY (consumer, topic, partitionkey)
            );
            CREATE TABLE inbox_parked (
                consumer TEXT NOT NULL,
                topic TEXT NOT NULL,
                partitionkey TEXT NOT NULL,
                place BIGINT NOT NULL,
                message_id BYTEA NOT NULL,
                parked_at BIGINT NOT NULL,
                envelope TEXT NOT NULL,
                PRIMARY KEY (consumer, topic, partitionkey, place)
            );
            CREATE UNIQUE INDEX inbox_parked_message ON inbox_parked (message_id, consumer, topic);
            CREATE TABLE inbox_discarded (
                consumer TEXT NOT NULL,
                topic TEXT NOT NULL,
                message_id BYTEA NOT NULL,
                source TEXT NOT NULL,
                type TEXT NOT NULL,
                subject TEXT NOT NULL,
                version BIGINT,
                previous_version BIGINT,
                discarded_by TEXT NOT NULL,
                discarded_at BIGINT NOT NULL,
                reason TEXT NOT NULL,
                PRIMARY KEY (consumer, topic, message_id)
            );
            CREATE INDEX inbox_discarded_version ON inbox_discarded (consumer, topic, subject, version);
            CREATE INDEX inbox_discarded_at ON inbox_discarded (discarded_at)",
    }],
};

statements! {
    /// Whether a message was handled.
    pub const HANDLED: "
        SELECT 1 FROM inbox_handled WHERE consumer = $1 AND topic = $2 AND partitionkey = $3 AND message_id = $4";

    /// Remembers that a message is handled, unless it was before.
    pub const HANDLE: "
        INSERT INTO inbox_handled (consumer, topic, partitionkey, message_id, handled_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (consumer, topic, partitionkey, message_id) DO NOTHING";

    /// As [`HANDLE`], unless the message's key is blocked.
    pub const HANDLE_UNLESS_BLOCKED: "
        INSERT INTO inbox_handled (consumer, topic, partitionkey, message_id, handled_at) SELECT $1, $2, $3, $4, $5
        WHERE NOT EXISTS (
            SELECT 1 FROM inbox_blocked WHERE consumer = $1 AND topic = $2 AND partitionkey = $3)
        ON CONFLICT (consumer, topic, partitionkey, message_id) DO NOTHING";

    /// Where a message with a version stands: the version that its aggregate was last handled at, whether the message is
    /// remembered by its id, and whether its key is blocked.
    pub const STANDING: "
        SELECT (SELECT version FROM inbox_versions WHERE consumer = $1 AND topic = $2 AND subject = $3),
               (SELECT 1 FROM inbox_handled
                WHERE consumer = $1 AND topic = $2 AND partitionkey = $4 AND message_id = $5),
               (SELECT 1 FROM inbox_blocked WHERE consumer = $1 AND topic = $2 AND partitionkey = $4)";

    /// Whether any key is blocked.
    pub const ANY_BLOCKED: "SELECT 1 FROM inbox_blocked WHERE consumer = $1 AND topic = $2 LIMIT 1";

    /// Whether a key is blocked.
    pub const BLOCKED: "SELECT 1 FROM inbox_blocked WHERE consumer = $1 AND topic = $2 AND partitionkey = $3";

    /// When the oldest message that is remembered was handled.
    pub const OLDEST: "SELECT min(handled_at) FROM inbox_handled";

    /// Forgets some messages that were handled long ago.
    pub const FORGET: "
        DELETE FROM inbox_handled WHERE (consumer, topic, partitionkey, message_id) IN (
            SELECT consumer, topic, partitionkey, message_id FROM inbox_handled WHERE handled_at < $1
            ORDER BY handled_at LIMIT $2)";

    /// Moves an aggregate to a later version.
    pub const ADVANCE: "
        INSERT INTO inbox_versions (consumer, topic, subject, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (consumer, topic, subject) DO UPDATE SET version = excluded.version
        WHERE inbox_versions.version < excluded.version";

    /// Which version came before one that was discarded.
    pub const BEFORE_DISCARDED: "
        SELECT max(coalesce(previous_version, 0)) FROM inbox_discarded
        WHERE consumer = $1 AND topic = $2 AND subject = $3 AND version = $4";

    /// Counts a message that was handled, discarded, or only seen. What its producer had counted before the first
    /// message seen is where this consumer began; messages from before that are not counted.
    pub const COUNT: "
        INSERT INTO inbox_counts (
            consumer, topic, source, partition, began_messages, began_fingerprints,
            latest_messages, latest_fingerprints, handled_messages, handled_fingerprints,
            discarded_messages, discarded_fingerprints)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (consumer, topic, source, partition) DO UPDATE SET
            latest_fingerprints = CASE WHEN excluded.latest_messages > inbox_counts.latest_messages
                THEN excluded.latest_fingerprints ELSE inbox_counts.latest_fingerprints END,
            latest_messages = CASE WHEN excluded.latest_messages > inbox_counts.latest_messages
                THEN excluded.latest_messages ELSE inbox_counts.latest_messages END,
            handled_messages = inbox_counts.handled_messages
                + CASE WHEN excluded.began_messages >= inbox_counts.began_messages
                  THEN excluded.handled_messages ELSE 0 END,
            handled_fingerprints = (inbox_counts.handled_fingerprints
                + CASE WHEN excluded.began_messages >= inbox_counts.began_messages
                  THEN excluded.handled_fingerprints ELSE 0 END) % 4611686018427387904,
            discarded_messages = inbox_counts.discarded_messages
                + CASE WHEN excluded.began_messages >= inbox_counts.began_messages
                  THEN excluded.discarded_messages ELSE 0 END,
            discarded_fingerprints = (inbox_counts.discarded_fingerprints
                + CASE WHEN excluded.began_messages >= inbox_counts.began_messages
                  THEN excluded.discarded_fingerprints ELSE 0 END) % 4611686018427387904";

    /// What a partition's producer had counted before the first message that was seen of it.
    pub const BEGAN: "
        SELECT began_messages FROM inbox_counts WHERE consumer = $1 AND topic = $2 AND source = $3 AND partition = $4";

    /// How many messages are parked, counted no further than a limit.
    pub const PARKED_UP_TO: "
        SELECT count(*) FROM (SELECT 1 FROM inbox_parked WHERE consumer = $1 AND topic = $2 LIMIT $3) AS parked";

    /// Blocks a key, unless it is blocked.
    pub const BLOCK: "
        INSERT INTO inbox_blocked (consumer, topic, partitionkey, failures, retry_at, blocked_at, error)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (consumer, topic, partitionkey) DO NOTHING";

    /// Parks a message behind those of its key, unless it is parked.
    pub const PARK: "
        INSERT INTO inbox_parked (consumer, topic, partitionkey, place, message_id, parked_at, envelope)
        SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $6 FROM inbox_parked
        WHERE consumer = $1 AND topic = $2 AND partitionkey = $3
        ON CONFLICT (message_id, consumer, topic) DO NOTHING";

    /// Takes a message out of those parked.
    pub const UNPARK: "DELETE FROM inbox_parked WHERE consumer = $1 AND topic = $2 AND message_id = $3";

    /// Blocked keys that are to be tried again.
    pub const DUE: "
        SELECT partitionkey, failures FROM inbox_blocked
        WHERE consumer = $1 AND topic = $2 AND retry_at <= $3 ORDER BY retry_at LIMIT $4";

    /// When the next blocked key is to be tried again.
    pub const NEXT_DUE: "
        SELECT min(retry_at) FROM inbox_blocked WHERE consumer = $1 AND topic = $2";

    /// The first messages parked of a key.
    pub const SEQUENCE: "
        SELECT message_id, envelope FROM inbox_parked WHERE consumer = $1 AND topic = $2 AND partitionkey = $3
        ORDER BY place LIMIT $4";

    /// Notes that a key has failed again. A key parked for good stays so if another replica has parked it.
    pub const BLOCK_AGAIN: "
        UPDATE inbox_blocked SET failures = $4, retry_at = $5, error = $6
        WHERE consumer = $1 AND topic = $2 AND partitionkey = $3 AND retry_at IS NOT NULL";

    /// Unblocks a key of which nothing is parked any more.
    pub const UNBLOCK: "
        DELETE FROM inbox_blocked WHERE consumer = $1 AND topic = $2 AND partitionkey = $3 AND NOT EXISTS (
            SELECT 1 FROM inbox_parked WHERE consumer = $1 AND topic = $2 AND partitionkey = $3)";

    /// How many messages were discarded.
    pub const DISCARDED: "SELECT count(*) FROM inbox_discarded";

    /// What every consumer counts.
    pub const COUNTS: "
        SELECT consumer, topic, source, partition, began_messages, began_fingerprints,
               latest_messages, latest_fingerprints, handled_messages, handled_fingerprints,
               discarded_messages, discarded_fingerprints
        FROM inbox_counts ORDER BY consumer, topic, source, partition";
}
