//! The SQL of this crate is portable: PostgreSQL applies its migrations and prepares its statements.

use event_store::{SCHEMA, STATEMENTS, subscription};

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    let statements = [STATEMENTS, subscription::store::STATEMENTS].concat();
    test_support::postgres::takes(&[SCHEMA, subscription::SCHEMA], &statements);
}
