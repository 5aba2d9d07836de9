//! The SQL of this service is portable: PostgreSQL applies its migrations and prepares its statements.

use customers::store;
use test_support::postgres;

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    postgres::takes(store::SCHEMAS, &store::STATEMENTS.concat());
}
