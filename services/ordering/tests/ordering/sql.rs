//! The SQL of this service is portable: PostgreSQL applies its migrations and prepares its statements.

use database::Statement;
use ordering::{SCHEMAS, STATEMENTS, store};
use test_support::postgres;

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    postgres::takes(SCHEMAS, &statements());
}

#[test]
fn every_statement_on_orders_is_among_those_that_are_checked() {
    let checked: Vec<_> = statements().iter().map(Statement::sql).collect();
    let own = store::STATEMENTS.concat();
    assert!(own.len() > 10, "{}", own.len());
    assert!(own.iter().all(|statement| checked.contains(&statement.sql())));
}

fn statements() -> Vec<Statement> {
    STATEMENTS.concat().concat()
}
