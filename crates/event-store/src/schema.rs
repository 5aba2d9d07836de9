//! The ledger's tables and statements.

use database::{Kind, Migration, Schema, statements};

/// The tables of the ledger.
///
/// `category` and `partition` follow from `stream`; they are columns so that a server can leave out what a reader did
/// not ask for, and so that a person can. What is long comes last, since SQLite reads a row from its beginning.
pub const SCHEMA: Schema = Schema {
    name: "ledger",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE ledger_events (
                position BIGINT PRIMARY KEY,
                stream TEXT NOT NULL,
                version BIGINT NOT NULL,
                category TEXT NOT NULL,
                partition BIGINT NOT NULL,
                type TEXT NOT NULL,
                schema_version BIGINT NOT NULL,
                id BYTEA NOT NULL,
                recorded_at BIGINT NOT NULL,
                effective_at BIGINT NOT NULL,
                actor TEXT,
                traceparent TEXT,
                causation_id BYTEA,
                correlation_id BYTEA,
                data TEXT NOT NULL
            );
            CREATE UNIQUE INDEX ledger_events_version ON ledger_events (stream, version);
            CREATE UNIQUE INDEX ledger_events_id ON ledger_events (id);
            CREATE INDEX ledger_streams ON ledger_events (category, stream) WHERE version = 1;
            CREATE TABLE ledger_snapshots (
                stream TEXT NOT NULL,
                aggregate TEXT NOT NULL,
                fingerprint BIGINT NOT NULL,
                version BIGINT NOT NULL,
                taken_at BIGINT NOT NULL,
                state TEXT NOT NULL,
                PRIMARY KEY (stream, aggregate, fingerprint)
            );
            CREATE INDEX ledger_snapshots_taken ON ledger_snapshots (aggregate, taken_at)",
    }],
};

macro_rules! columns {
    () => {
        "SELECT position, stream, version, type, schema_version, id, recorded_at, effective_at, actor, traceparent,
                causation_id, correlation_id, data
         FROM ledger_events "
    };
}

statements! {
    /// The version of a stream, and where an event is if it was recorded.
    pub const LOOK: "
        SELECT (SELECT coalesce(max(version), 0) FROM ledger_events WHERE stream = $1),
               (SELECT position FROM ledger_events WHERE id = $2)";

    /// Where an event is.
    pub const FIND: "SELECT position, stream, version FROM ledger_events WHERE id = $1";

    /// Records an event. With one writer at a time the next position is the one after the last.
    pub const APPEND: "
        INSERT INTO ledger_events (position, stream, version, category, partition, type, schema_version, id,
                                   recorded_at, effective_at, actor, traceparent, causation_id, correlation_id, data)
        VALUES ((SELECT coalesce(max(position), 0) + 1 FROM ledger_events),
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        RETURNING position";

    /// The last position.
    pub const LAST: "SELECT coalesce(max(position), 0) FROM ledger_events";

    /// The last position, and when the first event after another one was recorded.
    pub const BEYOND: "
        SELECT (SELECT coalesce(max(position), 0) FROM ledger_events),
               (SELECT recorded_at FROM ledger_events WHERE position > $1 ORDER BY position LIMIT 1)";

    /// When the first event from a position on was recorded.
    pub const AT: "SELECT recorded_at FROM ledger_events WHERE position >= $1 ORDER BY position LIMIT 1";

    /// The version of a stream.
    pub const VERSION: "SELECT coalesce(max(version), 0) FROM ledger_events WHERE stream = $1";

    /// The streams of a category after one of them, by name.
    pub const STREAMS: "
        SELECT stream FROM ledger_events WHERE version = 1 AND category = $1 AND stream > $2 ORDER BY stream LIMIT $3";

    /// The streams of a category before one of them, by name and backwards.
    pub const STREAMS_BEFORE: "
        SELECT stream FROM ledger_events WHERE version = 1 AND category = $1 AND stream < $2
        ORDER BY stream DESC LIMIT $3";

    /// A stream, from one version to another.
    pub const FORWARD: concat!(columns!(), "
        WHERE stream = $1 AND version >= $2 AND version <= $3 ORDER BY version LIMIT $4");

    /// A stream, backwards from a version.
    pub const BACKWARD: concat!(columns!(), "
        WHERE stream = $1 AND version <= $2 ORDER BY version DESC LIMIT $3");

    /// What of a stream was effective at an instant as far as it was known at another, after a place in that order.
    pub const AS_OF: concat!(columns!(), "
        WHERE stream = $1 AND effective_at <= $2 AND recorded_at <= $3
          AND (effective_at > $4 OR (effective_at = $4 AND version > $5))
        ORDER BY effective_at, version LIMIT $6");

    /// All events, from after one position to another.
    pub const ALL: concat!(columns!(), "WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3");

    /// What a stream's state is folded from.
    pub const TAIL: "
        SELECT version, type, schema_version, data FROM ledger_events
        WHERE stream = $1 AND version > $2 AND version <= $3 ORDER BY version";

    /// The snapshot of a stream's state, unless it is of a later version.
    pub const SNAPSHOT: "
        SELECT version, state FROM ledger_snapshots
        WHERE stream = $1 AND aggregate = $2 AND fingerprint = $3 AND version <= $4";

    /// Keeps a snapshot in the place of an older one.
    pub const SAVE_SNAPSHOT: "
        INSERT INTO ledger_snapshots (stream, aggregate, fingerprint, version, taken_at, state)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (stream, aggregate, fingerprint) DO UPDATE SET
            version = excluded.version, taken_at = excluded.taken_at, state = excluded.state
        WHERE ledger_snapshots.version < excluded.version";

    /// Forgets snapshots that this program cannot use.
    pub const PRUNE_SNAPSHOTS: "
        DELETE FROM ledger_snapshots WHERE (stream, aggregate, fingerprint) IN (
            SELECT stream, aggregate, fingerprint FROM ledger_snapshots
            WHERE aggregate = $1 AND taken_at < $3 AND fingerprint <> $2 LIMIT $4)";
}
