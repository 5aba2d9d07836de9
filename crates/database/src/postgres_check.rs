//! Proof that the SQL of a store is portable: a script for `psql` that fails if it is not.

use std::fmt::Write as _;

use crate::{Schema, Statement, account};

/// A script that applies every migration to an empty database and prepares every statement.
///
/// Run by `psql --no-psqlrc --quiet --file`, it stops with a status other than 0 at the first text that
/// PostgreSQL refuses.
#[must_use]
pub fn script(schemas: &[Schema], statements: &[Statement]) -> String {
    let mut script = format!("\\set ON_ERROR_STOP on\n-- the store's own tables\n{}\n", account::TABLES);
    for schema in schemas {
        for migration in schema.migrations {
            let _ = writeln!(script, "-- {} {}\n{};", schema.name, migration.version, migration.sql);
        }
    }
    for (number, statement) in account::STATEMENTS.iter().chain(statements).enumerate() {
        let _ =
            writeln!(script, "-- {}\nPREPARE statement_{number} AS\n{};", statement.name(), statement.sql());
    }
    script
}
