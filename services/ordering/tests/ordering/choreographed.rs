//! Orders whose process nobody decides: placing and cancelling begin nothing, and what the other services report is told
//! to the order, in whatever order it comes.

use std::sync::Arc;

use aggregate::Repository;
use chassis::changes::Changes;
use contracts::{
    CustomerId, OrderId,
    billing::Reply as Billing,
    customers::{CreditRefusal, Reply as Customers},
    ordering::{
        OrderStatus::{
            Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Pending, Rejected, Shipped,
        },
        Reason,
    },
    shipping::Reply as Shipping,
    warehouse::{Quote, Reply as Warehouse, StockRefusal},
};
use database::{Database, Executor, Options, params};
use ordering::{
    SCHEMAS,
    application::{Application, NewOrder, Orders},
    domain::{Fulfilment, Order, Payment},
    process::{Process, Reply},
    store::Rows,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::contact;

mod begun {
    database::statements! {
        /// Whatever an orchestrator would have begun.
        pub const COUNT: "SELECT (SELECT COUNT(*) FROM sagas) + (SELECT COUNT(*) FROM tasks)";
    }
}

/// One order that was placed, and what it is told.
struct Told {
    application: Arc<Application>,
    database: Database,
    _directory: TempDir,
}

impl Told {
    async fn placed() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { executor: Executor::Inline, ..Options::default() };
        let database = Database::open(&directory.path().join("ordering.db"), SCHEMAS, options).unwrap();
        let application = Application::new(Orders::new(Rows), Process::Choreographed, Changes::new());
        let application = Arc::new(application);
        let (placing, new) = (application.clone(), new_order());
        let placed = database.write(async move |tx| placing.create_and_place(tx, &new, None).await).await;
        assert_eq!(placed.unwrap().state.status, Pending);
        Self { application, database, _directory: directory }
    }

    async fn cancelled(self) -> Self {
        let application = self.application.clone();
        let cancelled = self.database.write(async move |tx| application.cancel(tx, order()).await).await;
        assert_eq!(cancelled.unwrap().state.status, CancelPending);
        self
    }

    /// The order after this report, too.
    async fn reported(&self, reply: Reply) -> Order {
        let application = self.application.clone();
        let received = self.database.write(async move |tx| application.receive(tx, order(), &reply).await);
        received.await.unwrap();
        self.order().await
    }

    async fn order(&self) -> Order {
        let loaded = self.database.read(async |tx| Rows.load(tx, &[order()], &()).await).await;
        loaded.unwrap().remove(0).state
    }

    async fn begun(&self) -> i64 {
        let counted =
            self.database.read(async |tx| tx.query_one(begun::COUNT, params![], |row| row.get(0)).await);
        counted.await.unwrap()
    }
}

fn order() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

fn new_order() -> NewOrder {
    let (sku, name) = ("TEA".parse().unwrap(), "One TEA".parse().unwrap());
    let unit_price = contracts::Money::new(1250, contracts::Currency::EUR).unwrap();
    let lines = vec![(Quote { sku, name, unit_price }, 2.try_into().unwrap())];
    NewOrder { id: order(), customer_id: CustomerId::new(Uuid::from_u128(2)), reference: None, lines }
}

const OUT_OF_STOCK: Reply = Reply::Warehouse(Warehouse::StockRefused { reason: StockRefusal::OutOfStock });
const CREDIT_RELEASED: Reply = Reply::Customers(Customers::CreditReleased);

fn reserved() -> Reply {
    Reply::Customers(Customers::CreditReserved { contact: contact() })
}

fn dispatched() -> Reply {
    Reply::Shipping(Shipping::Dispatched { carrier: "Hermes".into(), tracking_number: "H-1".into() })
}

#[tokio::test]
async fn placing_and_cancelling_begin_no_saga_and_ask_nobody() {
    let told = Told::placed().await.cancelled().await;
    for reply in [reserved(), CREDIT_RELEASED] {
        told.reported(reply).await;
    }
    assert_eq!(told.begun().await, 0);
}

#[tokio::test]
async fn every_report_of_an_order_that_succeeds_reaches_it() {
    let told = Told::placed().await;
    let confirmed = told.reported(reserved()).await;
    assert_eq!((confirmed.status, confirmed.ship_to), (CreditConfirmed, Some(contact().address)));
    for (reply, status) in [
        (Reply::Warehouse(Warehouse::StockReserved), Approved),
        (dispatched(), Shipped),
        (Reply::Billing(Billing::InvoiceUnpaid), Shipped),
    ] {
        assert_eq!(told.reported(reply.clone()).await.status, status, "{reply:?}");
    }
    let unpaid = Fulfilment { payment: Payment::Unpaid, ..Fulfilment::default() };
    assert_eq!(told.order().await.fulfilment, unpaid);
    for (reply, status) in [
        (Reply::Warehouse(Warehouse::StockTakenOut), Shipped),
        (Reply::Billing(Billing::InvoicePaid), Shipped),
        (Reply::Customers(Customers::CreditSettled), Completed),
    ] {
        assert_eq!(told.reported(reply.clone()).await.status, status, "{reply:?}");
    }
}

#[tokio::test]
async fn reports_may_come_in_any_order_and_twice() {
    let told = Told::placed().await;
    for reply in [
        Reply::Customers(Customers::CreditSettled),
        Reply::Billing(Billing::InvoicePaid),
        reserved(),
        dispatched(),
        Reply::Warehouse(Warehouse::StockReserved),
        Reply::Billing(Billing::InvoicePaid),
    ] {
        assert_eq!(told.reported(reply.clone()).await.status, Shipped, "{reply:?}");
    }
    let taken_out = Reply::Warehouse(Warehouse::StockTakenOut);
    assert_eq!(told.reported(taken_out).await.status, Completed);
}

#[tokio::test]
async fn credit_that_is_refused_rejects_the_order() {
    for (refusal, reason) in [
        (CreditRefusal::UnknownCustomer, Reason::UnknownCustomer),
        (CreditRefusal::InsufficientCredit, Reason::InsufficientCredit),
        (CreditRefusal::CurrencyMismatch, Reason::CurrencyMismatch),
    ] {
        let told = Told::placed().await;
        let order = told.reported(Reply::Customers(Customers::CreditRefused { reason: refusal })).await;
        assert_eq!((order.status, order.reason), (Rejected, Some(reason)));
    }
}

#[tokio::test]
async fn credit_that_is_released_rejects_an_order_that_is_not_cancelled_since_stock_was_refused() {
    for before in [vec![], vec![reserved()], vec![reserved(), OUT_OF_STOCK], vec![OUT_OF_STOCK]] {
        let told = Told::placed().await;
        for reply in before.clone() {
            assert!(!told.reported(reply).await.status.is_final(), "{before:?}");
        }
        let order = told.reported(CREDIT_RELEASED).await;
        assert_eq!((order.status, order.reason), (Rejected, Some(Reason::OutOfStock)), "{before:?}");
    }
}

#[tokio::test]
async fn credit_that_is_released_ends_a_cancellation_whatever_began_it() {
    let wished = Told::placed().await.cancelled().await;
    let refused = Told::placed().await;
    let pending = refused.reported(Reply::Shipping(Shipping::CarrierRefused)).await;
    assert_eq!((pending.status, pending.reason), (CancelPending, Some(Reason::CarrierRefused)));
    for (told, reason) in [(wished, None), (refused, Some(Reason::CarrierRefused))] {
        let called_off = [Reply::Shipping(Shipping::CalledOff), Reply::Warehouse(Warehouse::StockReleased)];
        for reply in called_off {
            assert_eq!(told.reported(reply).await.status, CancelPending);
        }
        let order = told.reported(CREDIT_RELEASED).await;
        assert_eq!((order.status, order.reason), (Cancelled, reason));
    }
}
