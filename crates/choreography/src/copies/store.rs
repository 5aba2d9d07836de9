//! Where copies are kept.

use database::{Error, Kind, Migration, Schema, statements};

/// The table of copies, and that of how far each kind of them has begun. A copy stays for as long as the thing does that it is of.
pub const SCHEMA: Schema = Schema {
    name: "copies",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE copies (
    kind       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    version    BIGINT NOT NULL CONSTRAINT copies_version CHECK (version >= 1),
    changed_at BIGINT NOT NULL,
    heard_at   BIGINT NOT NULL,
    document   TEXT   NOT NULL,
    CONSTRAINT copies_pk PRIMARY KEY (kind, id)
);
CREATE INDEX copies_heard ON copies (kind, heard_at);
CREATE TABLE copies_begun (
    kind     TEXT   NOT NULL CONSTRAINT copies_begun_pk PRIMARY KEY,
    run      BYTEA  NOT NULL,
    position TEXT,
    complete BIGINT NOT NULL
);
",
    }],
};

statements! {
    /// What an owner says, unless something as late is kept.
    pub(super) const KEEP: "INSERT INTO copies (kind, id, version, changed_at, heard_at, document) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, \
        changed_at = excluded.changed_at, heard_at = excluded.heard_at, document = excluded.document \
        WHERE copies.version < excluded.version";
    /// One copy.
    pub(super) const FIND: "SELECT version, changed_at, document FROM copies WHERE kind = $1 AND id = $2";
    /// How far the owner of a kind has told again what there was before.
    pub(super) const BEGUN: "SELECT run, position, complete FROM copies_begun WHERE kind = $1";
    /// Its owner is to tell.
    pub(super) const BEGIN: "INSERT INTO copies_begun (kind, run, position, complete) VALUES ($1, $2, NULL, 0) \
        ON CONFLICT (kind) DO NOTHING";
    /// Its owner has told a page.
    pub(super) const TOLD: "UPDATE copies_begun SET position = $3, complete = $4 WHERE kind = $1 AND run = $2";
    /// When something was last heard.
    pub(super) const HEARD: "SELECT MAX(heard_at) FROM copies WHERE kind = $1";
}

pub(super) fn unreadable() -> Error {
    let (column, found) = ("document".to_owned(), "another release's");
    Error::Column { statement: FIND.name(), column, expected: "a document", found }
}
