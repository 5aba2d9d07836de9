//! Where invoices are kept: one row each, with constraints of its own.

use aggregate::{Change, Repository, Versioned};
use contracts::{
    CustomerId, Money, OrderId, Reference, Timestamp,
    billing::{BillTo, InvoiceStatus},
};
use database::{Error, Kind, Migration, Row, Schema, Transaction, params, statements};
use event_store::Grid;
use uuid::Uuid;

use crate::{
    domain::{Bill, Invoice, Stage},
    ledger,
};

/// The table of invoices.
pub const SCHEMA: Schema = Schema {
    name: "billing",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE invoices (
    order_id      BYTEA  NOT NULL CONSTRAINT invoices_pk PRIMARY KEY,
    version       BIGINT NOT NULL,
    status        TEXT   NOT NULL,
    customer_id   BYTEA  NOT NULL,
    reference     TEXT,
    amount        BIGINT NOT NULL,
    currency      TEXT   NOT NULL,
    bill_to_name  TEXT   NOT NULL,
    bill_to_email TEXT   NOT NULL,
    mailed        BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    in_doubt      BIGINT NOT NULL,
    issued_at     BIGINT NOT NULL,
    paid_at       BIGINT,
    CONSTRAINT invoices_status CHECK (status IN ('ISSUED', 'UNPAID', 'PAID')),
    CONSTRAINT invoices_amount CHECK (amount >= 0),
    CONSTRAINT invoices_paid CHECK ((status = 'PAID') = (paid_at IS NOT NULL)),
    CONSTRAINT invoices_settled CHECK (status <> 'PAID' OR in_doubt = 0),
    CONSTRAINT invoices_attempted CHECK (attempts > 0 OR (attempts = 0 AND status = 'ISSUED' AND in_doubt = 0))
);
",
    }],
};

statements! {
    /// One invoice.
    const FIND: "SELECT order_id, version, status, customer_id, reference, amount, currency, bill_to_name, \
        bill_to_email, mailed, attempts, in_doubt, issued_at, paid_at FROM invoices WHERE order_id = $1";
    /// The newest invoices below an order's id; such ids are made in the order of time.
    const NEWEST: "SELECT order_id, version, status, customer_id, reference, amount, currency, bill_to_name, \
        bill_to_email, mailed, attempts, in_doubt, issued_at, paid_at FROM invoices \
        WHERE order_id < $1 ORDER BY order_id DESC LIMIT $2";
    /// Every invoice.
    const ALL: "SELECT order_id, version, status, customer_id, reference, amount, currency, bill_to_name, \
        bill_to_email, mailed, attempts, in_doubt, issued_at, paid_at FROM invoices ORDER BY order_id";
    /// A new invoice.
    const INSERT: "INSERT INTO invoices (order_id, version, status, customer_id, reference, amount, currency, \
        bill_to_name, bill_to_email, mailed, attempts, in_doubt, issued_at, paid_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    /// What became of an invoice that is still at the version that was decided on. One that is paid stays so, and no
    /// attempt is ever forgotten.
    const UPDATE: "UPDATE invoices SET version = $3, status = $4, mailed = $5, attempts = $6, in_doubt = $7, \
        paid_at = $8 WHERE order_id = $1 AND version = $2 AND (status <> 'PAID' OR paid_at = $8) AND attempts <= $6";
}

/// Where invoices are, for whoever looks at them.
#[derive(Clone, Debug)]
pub enum Store {
    /// In rows of the service's own.
    Rows,
    /// In the ledger, and in memory as far as there is room.
    Ledger(Grid<Invoice>),
}

impl Store {
    /// The invoice of an order.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn find(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
    ) -> Result<Option<Versioned<Invoice>>, Error> {
        match self {
            Self::Rows => find(tx, order_id).await,
            Self::Ledger(grid) => ledger::find(grid, tx, order_id).await,
        }
    }

    /// The newest invoices, at most `limit`, all of them older than the order `before` if there is one.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn newest(
        &self,
        tx: &mut Transaction,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<(OrderId, Versioned<Invoice>)>, Error> {
        match self {
            Self::Rows => newest(tx, before, limit).await,
            Self::Ledger(grid) => ledger::newest(grid, tx, before, limit).await,
        }
    }

    /// Every invoice, sorted by id.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn all(&self, tx: &mut Transaction) -> Result<Vec<(OrderId, Versioned<Invoice>)>, Error> {
        match self {
            Self::Rows => all(tx).await,
            Self::Ledger(grid) => ledger::all(grid, tx).await,
        }
    }
}

/// Invoices kept as rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows;

impl Repository<Invoice> for Rows {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[OrderId],
        _scope: &(),
    ) -> Result<Vec<Versioned<Invoice>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(find(tx, *id).await?.unwrap_or_default());
        }
        Ok(found)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Invoice>]) -> Result<(), Error> {
        let mut sorted: Vec<_> = changes.iter().collect();
        sorted.sort_by_key(|change| change.id);
        for change in sorted {
            save(tx, change).await?;
        }
        Ok(())
    }
}

/// The invoice of an order.
///
/// # Errors
/// If the store fails.
pub async fn find(tx: &mut Transaction, order_id: OrderId) -> Result<Option<Versioned<Invoice>>, Error> {
    Ok(tx.query_opt(FIND, params![order_id.uuid()], read).await?.map(|(_, invoice)| invoice))
}

/// The newest invoices, at most `limit`, all of them older than the order `before` if there is one.
///
/// # Errors
/// If the store fails.
pub async fn newest(
    tx: &mut Transaction,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<(OrderId, Versioned<Invoice>)>, Error> {
    let before = before.map_or(Uuid::max(), OrderId::uuid);
    tx.query(NEWEST, params![before, limit], read).await
}

/// Every invoice, sorted by id.
///
/// # Errors
/// If the store fails.
pub async fn all(tx: &mut Transaction) -> Result<Vec<(OrderId, Versioned<Invoice>)>, Error> {
    tx.query(ALL, params![], read).await
}

async fn save(tx: &mut Transaction, change: &Change<Invoice>) -> Result<(), Error> {
    let written = if change.expected == 0 { insert(tx, change).await? } else { update(tx, change).await? };
    if written == 1 { Ok(()) } else { Err(tx.conflict("invoice")) }
}

async fn insert(tx: &mut Transaction, change: &Change<Invoice>) -> Result<u64, Error> {
    let Invoice { bill: Some(bill), mailed, attempts, in_doubt, .. } = &change.after else {
        return Ok(0); // what was not issued is no invoice
    };
    let (status, paid_at) = status(&change.after);
    let currency = bill.amount.currency();
    let row = params![
        change.id.uuid(),
        change.version(),
        status,
        bill.customer_id.uuid(),
        bill.reference.as_ref().map(Reference::as_str),
        bill.amount.amount(),
        currency.as_str(),
        bill.bill_to.name.as_str(),
        bill.bill_to.email.as_str(),
        *mailed,
        *attempts,
        *in_doubt,
        bill.at.micros(),
        paid_at,
    ];
    tx.execute(INSERT, row).await
}

async fn update(tx: &mut Transaction, change: &Change<Invoice>) -> Result<u64, Error> {
    let Invoice { mailed, attempts, in_doubt, .. } = change.after;
    let (id, expected, version) = (change.id.uuid(), change.expected, change.version());
    let (status, paid_at) = status(&change.after);
    tx.execute(UPDATE, params![id, expected, version, status, mailed, attempts, in_doubt, paid_at]).await
}

/// The column's text, and since when it is paid.
const fn status(invoice: &Invoice) -> (Option<&'static str>, Option<i64>) {
    let name = match invoice.status() {
        Some(InvoiceStatus::Issued) => Some("ISSUED"),
        Some(InvoiceStatus::Unpaid) => Some("UNPAID"),
        Some(InvoiceStatus::Paid) => Some("PAID"),
        None => None,
    };
    (name, if let Stage::Paid { at } = invoice.stage { Some(at.micros()) } else { None })
}

fn read(row: &Row<'_>) -> Result<(OrderId, Versioned<Invoice>), Error> {
    let bill = Bill {
        customer_id: CustomerId::new(row.get(3)?),
        reference: row.parse_opt(4)?,
        amount: Money::new(row.get(5)?, row.parse(6)?)
            .map_err(|_| damaged("amount", "an amount of money"))?,
        bill_to: BillTo { name: row.parse(7)?, email: row.parse(8)? },
        at: Timestamp::from_micros(row.get(12)?),
    };
    let (mailed, attempts, in_doubt) = (row.get(9)?, row.get(10)?, row.get(11)?);
    let state = Invoice { bill: Some(bill), stage: stage(row)?, mailed, attempts, in_doubt };
    Ok((row.get::<Uuid>(0)?.into(), Versioned { state, version: row.get(1)? }))
}

fn stage(row: &Row<'_>) -> Result<Stage, Error> {
    match row.get::<String>(2)?.as_str() {
        "ISSUED" => Ok(Stage::Issued),
        "UNPAID" => Ok(Stage::Unpaid),
        "PAID" => Ok(Stage::Paid { at: Timestamp::from_micros(row.get(13)?) }),
        _ => Err(damaged("status", "an invoice's status")),
    }
}

fn damaged(column: &str, expected: &'static str) -> Error {
    Error::Column { statement: FIND.name(), column: column.to_owned(), expected, found: "something else" }
}
