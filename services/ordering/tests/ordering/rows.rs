//! The tables of orders: what they keep, and what they refuse.

use aggregate::{Aggregate, Repository};
use contracts::{CustomerId, OrderId, Sku, Timestamp, ordering::Reason};
use database::{Database, Error, Executor, Options, params};
use ordering::{
    SCHEMAS,
    domain::{Command, Order, Outcome},
    store::{Rows, statuses_after},
};
use proptest::{collection::vec, prelude::*, sample::select};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::contact;

mod forged {
    database::statements! {
        /// As no program should.
        pub const STATUS: "UPDATE orders SET status = $2 WHERE order_id = $1";
        /// As no program should.
        pub const QUANTITY: "UPDATE order_lines SET quantity = $2 WHERE order_id = $1";
        /// As no program should.
        pub const PRICE: "UPDATE order_lines SET unit_price = $2 WHERE order_id = $1";
        /// As no program should.
        pub const FINISHED: "UPDATE orders SET finished_at = $2 WHERE order_id = $1";
    }
}

fn open() -> (TempDir, Database) {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { executor: Executor::Inline, ..Options::default() };
    let database = Database::open(&directory.path().join("ordering.db"), SCHEMAS, options).unwrap();
    (directory, database)
}

fn order() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

const AT: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

fn create() -> Command {
    let reference = Some("web-4711".parse().unwrap());
    Command::Create { customer_id: CustomerId::new(Uuid::from_u128(2)), reference, at: AT }
}

fn add(sku: &str, pieces: i64) -> Command {
    let sku: Sku = sku.parse().unwrap();
    let (name, quantity) = (format!("One {sku}").parse().unwrap(), pieces.try_into().unwrap());
    let unit_price = contracts::Money::new(1250, contracts::Currency::EUR).unwrap();
    Command::AddLine { sku, name, unit_price, quantity }
}

async fn execute(database: &Database, command: &Command) {
    let command = command.clone();
    let executed = database.write(async move |tx| {
        // A refusal changes nothing, which is what the caller compares.
        let _ = aggregate::execute::<Order, _>(&Rows, tx, &order(), &(), &command).await;
        Ok::<_, Error>(())
    });
    executed.await.unwrap();
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let report = |outcome| Command::Outcome { outcome, at: AT };
    let command = select(vec![
        add("TEA", 2),
        add("CUP", 1),
        Command::ChangeLine { sku: "TEA".parse().unwrap(), quantity: 9.try_into().unwrap() },
        Command::RemoveLine { sku: "CUP".parse().unwrap() },
        Command::Place { at: AT },
        Command::Cancel { at: AT },
        report(Outcome::CreditReserved { ship_to: Some(contact().address) }),
        report(Outcome::CreditRefused { reason: Reason::InsufficientCredit }),
        report(Outcome::StockReserved),
        report(Outcome::StockRefused),
        report(Outcome::CreditReleased { because: Some(Reason::OutOfStock) }),
        report(Outcome::Dispatched),
        report(Outcome::CarrierRefused),
        report(Outcome::StockTakenOut),
        report(Outcome::InvoiceUnpaid),
        report(Outcome::InvoicePaid),
        report(Outcome::CreditSettled),
    ]);
    vec(command, 0..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever happens to an order, its rows tell the same as its events, and each status that it came to is there.
    #[test]
    fn the_rows_of_an_order_are_what_its_events_made(mut commands in commands()) {
        commands.insert(0, create());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (_directory, database) = open();
            let (mut model, mut version, mut entered) = (Order::default(), 0, Vec::new());
            for command in &commands {
                execute(&database, command).await;
                for event in model.decide(command).unwrap_or_default() {
                    let (before, existed) = (model.status, model.exists());
                    model.evolve(&event);
                    version += 1;
                    if !existed || before != model.status {
                        entered.push((version, model.status, model.is_outcome()));
                    }
                }
            }
            let loaded = database.read(async |tx| Rows.load(tx, &[order()], &()).await).await.unwrap().remove(0);
            assert_eq!((loaded.state, loaded.version), (model, version), "after {commands:?}");
            let statuses = database.read(async |tx| statuses_after(tx, order(), 0).await).await.unwrap();
            let statuses: Vec<_> = statuses.into_iter().filter(|entry| entry.entered).collect();
            let told: Vec<_> = statuses.iter().map(|it| (it.seq, it.change.status, it.is_outcome)).collect();
            assert_eq!(told, entered, "after {commands:?}");
        });
    }
}

#[tokio::test]
async fn the_tables_refuse_what_the_code_should_not_write() {
    let (_directory, database) = open();
    for command in [create(), add("TEA", 2)] {
        execute(&database, &command).await;
    }
    let refused = async |statement, value: &'static str| {
        let id = order().uuid();
        let written = database.write(async move |tx| match value.parse::<i64>() {
            Ok(number) => tx.execute(statement, params![id, number]).await,
            Err(_) => tx.execute(statement, params![id, value]).await,
        });
        written.await.unwrap_err().constraint().map(str::to_owned)
    };
    for (statement, value, constraint) in [
        (forged::STATUS, "LOST", "orders_status"),
        (forged::STATUS, "COMPLETED", "orders_complete"),
        (forged::STATUS, "CANCELLED", "orders_finished"),
        (forged::FINISHED, "1", "orders_finished"),
        (forged::QUANTITY, "0", "order_lines_quantity"),
        (forged::QUANTITY, "1000001", "order_lines_quantity"),
        (forged::PRICE, "-1", "order_lines_price"),
    ] {
        assert_eq!(refused(statement, value).await.as_deref(), Some(constraint), "{value}");
    }
}

#[tokio::test]
async fn a_change_that_was_decided_on_an_older_version_is_a_conflict() {
    let (_directory, database) = open();
    execute(&database, &create()).await;
    let stale = database.write(async |tx| {
        let loaded = Rows.load(tx, &[order()], &()).await?.remove(0);
        let change = aggregate::decide(order(), &loaded, &add("TEA", 1)).unwrap().unwrap();
        Rows.save(tx, std::slice::from_ref(&change)).await?;
        Rows.save(tx, std::slice::from_ref(&change)).await
    });
    assert!(matches!(stale.await, Err(Error::Conflict { what: "order" })));
    let loaded = database.read(async |tx| Rows.load(tx, &[order()], &()).await).await.unwrap();
    assert_eq!(loaded[0].version, 1, "neither was kept");
}

#[tokio::test]
async fn what_nobody_began_is_the_default_at_version_0() {
    let (_directory, database) = open();
    execute(&database, &create()).await;
    let other = OrderId::new(Uuid::from_u128(3));
    let loaded = database.read(async move |tx| Rows.load(tx, &[other, order()], &()).await).await.unwrap();
    assert_eq!((&loaded[0].state, loaded[0].version), (&Order::default(), 0));
    assert_eq!(loaded[1].version, 1, "in the order of the ids that were asked for");
}
