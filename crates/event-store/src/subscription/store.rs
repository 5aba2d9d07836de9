//! The tables and statements of subscriptions.

use database::{Kind, Migration, Schema, statements};

/// The tables of subscriptions, for the database of the consumer, together with those of [`database::leases`].
pub const SCHEMA: Schema = Schema {
    name: "subscriptions",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE checkpoints (
                subscription TEXT NOT NULL,
                segment BIGINT NOT NULL,
                segments BIGINT NOT NULL,
                position BIGINT NOT NULL,
                moved_at BIGINT NOT NULL,
                PRIMARY KEY (subscription, segment)
            );
            CREATE TABLE subscription_members (
                subscription TEXT NOT NULL,
                instance TEXT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (subscription, instance)
            )",
    }],
};

statements! {
    /// With how many segments a subscription began.
    pub const SEGMENTS: "SELECT segments FROM checkpoints WHERE subscription = $1 AND segment = 0";

    /// Where a segment begins.
    pub const BEGIN: "
        INSERT INTO checkpoints (subscription, segment, segments, position, moved_at) VALUES ($1, $2, $3, $4, $5)";

    /// Where a segment is.
    pub const CHECKPOINT: "SELECT position FROM checkpoints WHERE subscription = $1 AND segment = $2";

    /// Moves a segment from where it was thought to be.
    pub const ADVANCE: "
        UPDATE checkpoints SET position = $4, moved_at = $5
        WHERE subscription = $1 AND segment = $2 AND position = $3";

    /// Where the last segment is.
    pub const LAST: "SELECT min(position) FROM checkpoints WHERE subscription = $1";

    /// Forgets a subscription.
    pub const FORGET: "DELETE FROM checkpoints WHERE subscription = $1";

    /// Says that an instance is there.
    pub const ANNOUNCE: "
        INSERT INTO subscription_members (subscription, instance, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (subscription, instance) DO UPDATE SET expires_at = excluded.expires_at";

    /// How many others are.
    pub const OTHERS: "SELECT count(*) FROM subscription_members WHERE subscription = $1 AND instance <> $2";

    /// Takes out who has not been heard of.
    pub const FORGET_MEMBERS: "DELETE FROM subscription_members WHERE subscription = $1 AND expires_at <= $2";

    /// Takes out who leaves.
    pub const LEAVE: "DELETE FROM subscription_members WHERE subscription = $1 AND instance = $2";
}
