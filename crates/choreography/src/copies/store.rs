//! Where copies are kept.

use database::{Error, Kind, Migration, Schema, statements};

/// The table of copies. A copy stays for as long as the thing does that it is of.
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
    /// When something was last heard.
    pub(super) const HEARD: "SELECT MAX(heard_at) FROM copies WHERE kind = $1";
}

pub(super) fn unreadable() -> Error {
    let (column, found) = ("document".to_owned(), "another release's");
    Error::Column { statement: FIND.name(), column, expected: "a document", found }
}
