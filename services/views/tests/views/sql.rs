//! The SQL of this service is portable: PostgreSQL applies its migrations and prepares its statements.

use test_support::postgres;
use views::store;

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    postgres::takes(store::SCHEMAS, &store::STATEMENTS.concat());
}
