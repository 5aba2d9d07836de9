//! The SQL of this crate is portable: PostgreSQL applies its migrations and prepares its statements.

use database::{Kind, Migration, Schema, leases, postgres_check};
use test_support::postgres::{self, Server};

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    postgres::takes(&[leases::SCHEMA], leases::STATEMENTS);
}

#[test]
fn the_check_notices_what_is_not_portable() {
    let Some(server) = Server::start() else { return postgres::skipped() };
    let unportable = Schema {
        name: "unportable",
        migrations: &[Migration {
            version: 1,
            kind: Kind::Expand,
            sql: "CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        }],
    };
    let output = server.run(&postgres_check::script(&[unportable], &[]));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("AUTOINCREMENT"), "{errors}");
}
