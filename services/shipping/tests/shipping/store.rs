//! The table of shipments: what it keeps, what it refuses, and that another database would understand it.

use aggregate::{Aggregate, Repository};
use contracts::{OrderId, Timestamp};
use database::{Database, Error, Options, Transaction};
use proptest::{prelude::*, sample::select};
use shipping::{
    SCHEMAS,
    domain::{Command, Dispatch, Request, Shipment},
    store::{self, Rows},
};
use tempfile::TempDir;

use crate::support::{order, request};

mod sql {
    database::statements! {
        /// As no program should.
        pub const FORGE: "UPDATE shipments SET status = $2 WHERE order_id = $1";
        /// As no program should.
        pub const FORGE_DISPATCH: "UPDATE shipments SET status = 'DISPATCHED', carrier = 'Hermes' WHERE order_id = $1";
    }
}

fn open() -> (TempDir, Database) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = Options { executor: database::Executor::Inline, ..Options::default() };
    let database = Database::open(&directory.path().join("shipping.db"), SCHEMAS, options).expect("a store");
    (directory, database)
}

async fn execute(database: &Database, id: OrderId, command: &Command) -> Option<Shipment> {
    let command = command.clone();
    let executed = database.write(async move |tx| {
        let done = aggregate::execute::<Shipment, _>(&Rows, tx, &id, &(), &command).await;
        Ok::<_, Error>(done.ok().map(|shipment| shipment.state))
    });
    executed.await.expect("the store works")
}

fn asked() -> Request {
    let contracts::shipping::Command::RequestShipment { reference, address, lines, .. } = request(order(1))
    else {
        unreachable!("it is a request")
    };
    Request { reference, address, lines }
}

fn accept() -> Command {
    let at = Timestamp::from_micros(1);
    Command::Accept(Dispatch { carrier: "Hermes".to_owned(), tracking_number: "H-1".to_owned(), at })
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let unlabelled = Request { reference: None, ..asked() };
    let command = select(vec![
        Command::Request(asked()),
        Command::Request(unlabelled),
        Command::StartBooking,
        accept(),
        Command::Refuse,
        Command::CallOff,
    ]);
    proptest::collection::vec(command, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to a shipment, its row tells the same as its events.
    #[test]
    fn a_row_is_what_its_events_made(commands in commands()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (_directory, database) = open();
            let (mut model, mut version) = (Shipment::default(), 0);
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
    execute(&database, order(1), &Command::CallOff).await;
    let forged = [
        ("LOST", "shipments_status"),
        ("REQUESTED", "shipments_requested"),
        ("DISPATCHED", "shipments_requested"),
    ];
    for (status, constraint) in forged {
        let written = database
            .write(async move |tx| tx.execute(sql::FORGE, database::params![order(1).uuid(), status]).await);
        assert_eq!(written.await.expect_err("refused").constraint(), Some(constraint), "{status}");
    }
    execute(&database, order(2), &Command::Request(asked())).await;
    let written =
        database.write(async |tx| tx.execute(sql::FORGE_DISPATCH, database::params![order(2).uuid()]).await);
    assert_eq!(written.await.expect_err("refused").constraint(), Some("shipments_dispatched"));
}

#[tokio::test]
async fn a_change_that_was_decided_on_an_older_version_is_a_conflict() {
    let (_directory, database) = open();
    execute(&database, order(1), &Command::Request(asked())).await;
    let stale = database.write(async |tx| {
        let loaded = Rows.load(tx, &[order(1)], &()).await?.remove(0);
        let change = aggregate::decide(order(1), &loaded, &Command::StartBooking);
        let change = change.expect("it may").expect("it changes");
        Rows.save(tx, std::slice::from_ref(&change)).await?;
        Rows.save(tx, std::slice::from_ref(&change)).await
    });
    assert!(matches!(stale.await, Err(Error::Conflict { what: "shipment" })));
    let loaded = database.read(async |tx| Rows.load(tx, &[order(1)], &()).await).await.expect("it works");
    assert_eq!(loaded[0].version, 1, "neither was kept");
}

#[tokio::test]
async fn old_tombstones_are_forgotten_and_every_shipment_stays() {
    let (_directory, database) = open();
    let forget = async |before: i64, limit| {
        let work = async move |tx: &mut Transaction| {
            let (oldest, forgotten) =
                (store::oldest_tombstone(tx).await?, store::forget_tombstones(tx, before, limit).await?);
            assert_eq!(oldest.is_some_and(|oldest| oldest < before), forgotten > 0, "it is told what is due");
            Ok::<_, Error>(forgotten)
        };
        database.write(work).await.expect("the store works")
    };
    let begun = database.now();
    execute(&database, order(1), &Command::CallOff).await;
    execute(&database, order(2), &Command::CallOff).await;
    execute(&database, order(3), &Command::Request(asked())).await;
    execute(&database, order(3), &Command::CallOff).await;
    execute(&database, order(4), &Command::Request(asked())).await;
    assert_eq!(forget(begun, 9).await, 0);
    assert_eq!([forget(i64::MAX, 1).await, forget(i64::MAX, 9).await, forget(i64::MAX, 9).await], [1, 1, 0]);
    let kept = database.read(async |tx| store::all(tx).await).await.expect("the store works");
    assert_eq!(kept.iter().map(|shipment| shipment.order_id).collect::<Vec<_>>(), [order(3), order(4)]);
}
