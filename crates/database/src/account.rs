//! The tables in which a store keeps account of itself: the versions of its components, its latest time, and what it
//! tries out whether it can be written.

/// Makes the tables unless they are there; not a migration, since migrations are recorded in them.
pub(crate) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS database_schemas (
        name TEXT PRIMARY KEY,
        version BIGINT NOT NULL,
        oldest_reader BIGINT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS database_clock (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        latest BIGINT NOT NULL
    );
    INSERT INTO database_clock (id, latest) VALUES (1, 0) ON CONFLICT (id) DO NOTHING;
    CREATE TABLE IF NOT EXISTS database_probe (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        ballast BYTEA NOT NULL
    );
";

crate::statements! {
    /// The version of a component, and the oldest that may use the store.
    pub const FIND_VERSION: "SELECT version, oldest_reader FROM database_schemas WHERE name = $1";

    /// Records the version that a migration has led to.
    pub const SAVE_VERSION: "
        INSERT INTO database_schemas (name, version, oldest_reader) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, oldest_reader = excluded.oldest_reader";

    /// The latest time that was recorded.
    pub const LATEST: "SELECT latest FROM database_clock WHERE id = 1";

    /// Records the time of a commit.
    pub const SAVE_LATEST: "UPDATE database_clock SET latest = $1 WHERE id = 1 AND latest < $1";

    /// Takes some room.
    pub const TAKE_ROOM: "
        INSERT INTO database_probe (id, ballast) VALUES (1, $1)
        ON CONFLICT (id) DO UPDATE SET ballast = excluded.ballast";

    /// Gives it back.
    pub const GIVE_ROOM_BACK: "DELETE FROM database_probe WHERE id = 1";
}
