//! Versioned tables: which migrations a component has, and bringing a store up to them.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::Cause;
use crate::{Error, account};

/// The tables of one component, such as a service's own or the outbox; one store composes several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// What the store calls this component; no two in a store are called the same.
    pub name: &'static str,
    /// All migrations there ever were, numbered from 1 without a gap.
    pub migrations: &'static [Migration],
}

impl Schema {
    /// The version that the migrations lead to; 0 if there are none.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.migrations.last().map_or(0, |migration| migration.version)
    }
}

/// One change of a component's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The version of the component that it leads to.
    pub version: u32,
    /// Which older programs can still use the store afterwards.
    pub kind: Kind,
    /// Statements in the dialect that SQLite and PostgreSQL share, separated by semicolons. Constraints are
    /// not deferrable, since a commit is shared with works of others.
    pub sql: &'static str,
}

/// Which older programs can still use a store after a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All that could before: it adds what old programs do not look at.
    Expand,
    /// It takes away what programs before `oldest_reader` look at, so it comes at least a release after
    /// that version.
    Contract {
        /// The oldest version of this component that can use the store from now on.
        oldest_reader: u32,
    },
}

/// Brings the store up to `schemas`, in one transaction.
pub(crate) fn migrate(mut connection: Connection, schemas: &[Schema]) -> Result<Connection, Error> {
    check(schemas)?;
    // IMMEDIATE: of several processes that start together, one migrates and the others wait for it.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(begin)?;
    tx.execute_batch(account::TABLES).map_err(begin)?;
    for schema in schemas {
        let (version, oldest_reader) = tx
            .query_row(account::FIND_VERSION.sqlite(), [schema.name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(begin)?
            .unwrap_or((0, 0));
        if oldest_reader > schema.version() {
            return Err(Error::TooNew { schema: schema.name, oldest_reader, known: schema.version() });
        }
        upgrade(&tx, schema, version, oldest_reader)?;
    }
    tx.commit().map_err(|error| Error::Commit(error.into()))?;
    Ok(connection)
}

fn upgrade(tx: &Connection, schema: &Schema, from: u32, mut oldest_reader: u32) -> Result<(), Error> {
    for migration in schema.migrations.iter().filter(|migration| migration.version > from) {
        if let Kind::Contract { oldest_reader: oldest } = migration.kind {
            oldest_reader = oldest_reader.max(oldest);
        }
        tx.execute_batch(migration.sql)
            .and_then(|()| {
                tx.execute(account::SAVE_VERSION.sqlite(), (schema.name, migration.version, oldest_reader))
            })
            .map_err(|error| Error::Migration {
                schema: schema.name,
                version: migration.version,
                source: error.into(),
            })?;
        tracing::info!("migrated `{}` to version {}", schema.name, migration.version);
    }
    Ok(())
}

fn check(schemas: &[Schema]) -> Result<(), Error> {
    for (index, schema) in schemas.iter().enumerate() {
        let twice = schemas[..index].iter().any(|other| other.name == schema.name);
        let numbered = (1..).zip(schema.migrations).all(|(version, migration)| migration.version == version);
        if twice || !numbered {
            return Err(Error::Misnumbered { schema: schema.name });
        }
        let deferrable = |migration: &&Migration| migration.sql.to_ascii_uppercase().contains("DEFERRABLE");
        if let Some(&Migration { version, .. }) = schema.migrations.iter().find(deferrable) {
            return Err(Error::Deferrable { schema: schema.name, version });
        }
    }
    Ok(())
}

fn begin(error: rusqlite::Error) -> Error {
    Error::Begin(Cause::from(error))
}
