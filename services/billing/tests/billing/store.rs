//! The table of invoices: what it keeps, what it refuses, and that another database would understand it.

use aggregate::{Aggregate, Repository};
use billing::{
    SCHEMAS,
    domain::{Bill, Command, Invoice, PaymentResult},
    store::Rows,
};
use contracts::{OrderId, Timestamp, billing::Decline};
use database::{Database, Error, Options};
use proptest::{prelude::*, sample::select};
use tempfile::TempDir;

use crate::support::{command, order};

/// What no program should do.
mod sql {
    database::statements! {
        pub const FORGE_STATUS: "UPDATE invoices SET status = 'LOST', attempts = 1";
        pub const FORGE_AMOUNT: "UPDATE invoices SET amount = -1";
        pub const FORGE_PAYMENT: "UPDATE invoices SET status = 'PAID', attempts = 1";
        pub const FORGE_DOUBT: "UPDATE invoices SET status = 'PAID', paid_at = 1, attempts = 1, in_doubt = 1";
        pub const FORGE_REFUSAL: "UPDATE invoices SET status = 'UNPAID'";
    }
}

fn open() -> (TempDir, Database) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = Options { executor: database::Executor::Inline, ..Options::default() };
    let database = Database::open(&directory.path().join("billing.db"), SCHEMAS, options).expect("a store");
    (directory, database)
}

async fn execute(database: &Database, id: OrderId, command: &Command) -> Option<Invoice> {
    let command = command.clone();
    let executed = database.write(async move |tx| {
        let done = aggregate::execute::<Invoice, _>(&Rows, tx, &id, &(), &command).await;
        Ok::<_, Error>(done.ok().map(|shipment| shipment.state))
    });
    executed.await.expect("the store works")
}

fn bill() -> Bill {
    let billing_command = command(order(1));
    let contracts::billing::Command::IssueInvoice { customer_id, reference, amount, bill_to, .. } =
        billing_command;
    Bill { customer_id, reference, amount, bill_to, at: Timestamp::from_micros(1) }
}

fn result(attempt: u32, result: PaymentResult) -> Command {
    Command::RecordResult { attempt, result }
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let accepted = PaymentResult::Accepted { at: Timestamp::from_micros(2) };
    let (soft, hard) = (PaymentResult::Declined(Decline::Soft), PaymentResult::Declined(Decline::Hard));
    let unlabelled = Bill { reference: None, ..bill() };
    let mut all = vec![Command::Issue(bill()), Command::Issue(unlabelled), Command::RecordMail];
    all.extend([Command::StartAttempt, Command::Pay]);
    all.extend((1..4).flat_map(|attempt| [accepted, soft, hard].map(|it| result(attempt, it))));
    proptest::collection::vec(select(all), 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to an invoice, its row tells the same as its events.
    #[test]
    fn a_row_is_what_its_events_made(commands in commands()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (_directory, database) = open();
            let (mut model, mut version) = (Invoice::default(), 0);
            for command in &commands {
                execute(&database, order(1), command).await;
                let events = model.decide(command).unwrap_or_default();
                version += events.len() as u64;
                events.iter().for_each(|event| model.evolve(event));
                let loaded = database.read(async |tx| Rows.load(tx, &[order(1)], &()).await).await;
                let loaded = loaded.expect("the store works").remove(0);
                assert_eq!((loaded.state, loaded.version), (model.clone(), version), "after {commands:?}");
            }
        });
    }
}

#[tokio::test]
async fn the_table_refuses_what_the_code_should_not_write() {
    let (_directory, database) = open();
    execute(&database, order(1), &Command::Issue(bill())).await;
    let forged = [
        (sql::FORGE_STATUS, "invoices_status"),
        (sql::FORGE_AMOUNT, "invoices_amount"),
        (sql::FORGE_PAYMENT, "invoices_paid"),
        (sql::FORGE_DOUBT, "invoices_settled"),
        (sql::FORGE_REFUSAL, "invoices_attempted"),
    ];
    for (statement, constraint) in forged {
        let written = database.write(async move |tx| tx.execute(statement, database::params![]).await);
        assert_eq!(written.await.expect_err("refused").constraint(), Some(constraint));
    }
}

#[tokio::test]
async fn a_change_that_was_decided_on_an_older_version_is_a_conflict() {
    let (_directory, database) = open();
    execute(&database, order(1), &Command::Issue(bill())).await;
    let stale = database.write(async |tx| {
        let loaded = Rows.load(tx, &[order(1)], &()).await?.remove(0);
        let change = aggregate::decide(order(1), &loaded, &Command::StartAttempt);
        let change = change.expect("it may").expect("it changes");
        Rows.save(tx, std::slice::from_ref(&change)).await?;
        Rows.save(tx, std::slice::from_ref(&change)).await
    });
    assert!(matches!(stale.await, Err(Error::Conflict { what: "invoice" })));
    let loaded = database.read(async |tx| Rows.load(tx, &[order(1)], &()).await).await.expect("it works");
    assert_eq!(loaded[0].version, 1, "neither was kept");
}
