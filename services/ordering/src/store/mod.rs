//! Where orders are kept: rows with columns and constraints of their own.

mod audit;
mod lists;
mod rows;
mod statuses;

use chassis::problem::Problem;
use choreography::ledger::past::no_past;
use contracts::{OrderId, ordering};
use database::{Error, Kind, Migration, Schema, Statement, Transaction};
use event_store::Grid;
use uuid::Uuid;

pub use audit::{audit, documents, unpaid};
pub use lists::{Filter, Listed, list};
pub use rows::{Rows, find};
pub use statuses::{Entry, statuses_after};

pub(crate) use statuses::entries;

use crate::{domain::Order, ledger::Orders};

/// Where orders are, for whoever looks at them.
#[derive(Clone, Debug)]
pub enum Store {
    /// In rows of ordering's own.
    Rows,
    /// In the ledger, and in memory as far as there is room.
    Ledger(Orders),
}

impl Store {
    /// Where their past is kept.
    ///
    /// # Errors
    /// 501 where it is not.
    pub fn past(&self) -> Result<&Grid<Order>, Problem> {
        match self {
            Self::Rows => Err(no_past()),
            Self::Ledger(orders) => Ok(orders.grid()),
        }
    }

    /// An order as clients see it, without what other services know of it.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn find(&self, tx: &mut Transaction, id: OrderId) -> Result<Option<ordering::Order>, Error> {
        match self {
            Self::Rows => find(tx, id).await,
            Self::Ledger(orders) => orders.find(tx, id).await,
        }
    }

    /// The newest orders that fit, at most `limit`.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn list(&self, tx: &mut Transaction, filter: &Filter, limit: u32) -> Result<Listed, Error> {
        match self {
            Self::Rows => list(tx, filter, limit).await,
            Self::Ledger(orders) => orders.list(tx, filter, limit).await,
        }
    }

    /// The statuses that came after the one of this number, in order; all of them after 0.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn statuses_after(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        seq: u64,
    ) -> Result<Vec<Entry>, Error> {
        match self {
            Self::Rows => statuses_after(tx, id, seq).await,
            Self::Ledger(orders) => orders.statuses_after(tx, id, seq).await,
        }
    }

    /// The orders above an id, in the order of their ids, at most `limit`.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn audit(
        &self,
        tx: &mut Transaction,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<ordering::Order>, Error> {
        match self {
            Self::Rows => audit(tx, after, limit).await,
            Self::Ledger(orders) => orders.audit(tx, after, limit).await,
        }
    }

    /// How many orders are shipped and not paid for, their payment refused for good.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn unpaid(&self, tx: &mut Transaction) -> Result<i64, Error> {
        match self {
            Self::Rows => unpaid(tx).await,
            Self::Ledger(orders) => orders.unpaid(tx).await,
        }
    }
}

/// The tables of orders.
pub const SCHEMA: Schema = Schema {
    name: "ordering",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE orders (
    order_id        BYTEA  NOT NULL CONSTRAINT orders_pk PRIMARY KEY,
    customer_id     BYTEA  NOT NULL,
    reference       TEXT,
    status          TEXT   NOT NULL CONSTRAINT orders_status CHECK (status IN ('OPEN', 'PENDING', 'CREDIT_CONFIRMED',
                        'APPROVED', 'SHIPPED', 'COMPLETED', 'REJECTED', 'CANCEL_PENDING', 'CANCELLED')),
    reason          TEXT,
    cancel_wished   BIGINT NOT NULL,
    total           BIGINT CONSTRAINT orders_total CHECK (total >= 0),
    currency        TEXT,
    ship_to         TEXT,
    stock_taken_out BIGINT NOT NULL,
    payment         TEXT   NOT NULL CONSTRAINT orders_payment CHECK (payment IN ('AWAITED', 'UNPAID', 'PAID')),
    credit_settled  BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    placed_at       BIGINT,
    finished_at     BIGINT,
    version         BIGINT NOT NULL,
    CONSTRAINT orders_complete CHECK (status <> 'COMPLETED'
        OR (stock_taken_out = 1 AND payment = 'PAID' AND credit_settled = 1)),
    CONSTRAINT orders_finished CHECK ((finished_at IS NOT NULL) = (status IN ('COMPLETED', 'REJECTED', 'CANCELLED')))
);
CREATE INDEX orders_customer ON orders (customer_id, order_id);
CREATE INDEX orders_by_status ON orders (status, order_id);
CREATE TABLE order_lines (
    order_id   BYTEA  NOT NULL CONSTRAINT order_lines_order REFERENCES orders,
    position   BIGINT NOT NULL,
    sku        TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    quantity   BIGINT NOT NULL CONSTRAINT order_lines_quantity CHECK (quantity BETWEEN 1 AND 1000000),
    unit_price BIGINT NOT NULL CONSTRAINT order_lines_price CHECK (unit_price >= 0),
    currency   TEXT   NOT NULL,
    CONSTRAINT order_lines_pk PRIMARY KEY (order_id, sku)
);
CREATE INDEX order_lines_sku ON order_lines (sku, order_id);
CREATE TABLE order_statuses (
    order_id BYTEA  NOT NULL CONSTRAINT order_statuses_order REFERENCES orders,
    seq      BIGINT NOT NULL,
    status   TEXT   NOT NULL,
    reason   TEXT,
    cancel   TEXT,
    entered  BIGINT NOT NULL,
    outcome  BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    CONSTRAINT order_statuses_pk PRIMARY KEY (order_id, seq)
);
",
    }],
};

/// Every statement of the tables of orders, for the check that another database understands them too.
pub const STATEMENTS: &[&[Statement]] =
    &[rows::STATEMENTS, lists::STATEMENTS, statuses::STATEMENTS, audit::STATEMENTS];

/// The name that a unit variant has on the wire, in a column.
fn text<T: serde::Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Some(text),
        _ => None,
    }
}

/// What a column's text names, if it is the wire name of a unit variant.
fn named<T: serde::de::DeserializeOwned>(text: Option<String>) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text?)).ok()
}
