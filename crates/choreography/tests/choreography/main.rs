//! Services that react to each other, with owners that say what they are told to say, real database files and a broker.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

mod documents;
mod world;

mod beginning;
mod callbacks;
mod copies;
mod reports;

mod reacting_by_callbacks;
mod reacting_by_copies;
mod reacting_over_a_ledger;

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    use choreography::{copies, reports};
    let statements = [copies::STATEMENTS, reports::STATEMENTS].concat();
    test_support::postgres::takes(&[copies::SCHEMA, reports::SCHEMA], &statements);
}
