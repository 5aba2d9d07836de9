//! Where products are kept: rows with columns, and constraints that let nothing be oversold whatever the
//! program does.

mod audit;
mod list;
mod retention;
mod rows;

use std::collections::BTreeMap;

use chassis::{idempotency, problem::Problem};
use choreography::ledger::past::no_past;
use choreography::{copies, reports};
use contracts::{Sku, warehouse};
use database::{Error, Kind, Migration, Schema, Statement, Transaction, leases};
use event_store::Grid;
use messaging::{inbox, outbox};

use crate::{domain::Product, ledger};

pub use audit::{Audited, Held, audit, counters};
pub use list::{documents, list};
pub use retention::{forget, oldest};
pub use rows::Rows;

/// Everything that the service keeps in its database.
pub const SCHEMAS: &[Schema] = &[
    SCHEMA,
    idempotency::SCHEMA,
    leases::SCHEMA,
    outbox::SCHEMA,
    inbox::SCHEMA,
    journal::SCHEMA,
    reports::SCHEMA,
    copies::SCHEMA,
];

/// The tables of products.
pub const SCHEMA: Schema = Schema {
    name: "warehouse",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE products (
    sku        TEXT   NOT NULL CONSTRAINT products_pk PRIMARY KEY,
    name       TEXT   NOT NULL,
    unit_price BIGINT NOT NULL CONSTRAINT products_unit_price CHECK (unit_price >= 0),
    currency   TEXT   NOT NULL,
    received   BIGINT NOT NULL,
    on_hand    BIGINT NOT NULL,
    reserved   BIGINT NOT NULL CONSTRAINT products_reserved CHECK (reserved >= 0),
    version    BIGINT NOT NULL,
    CONSTRAINT products_on_hand CHECK (reserved <= on_hand),
    CONSTRAINT products_received CHECK (on_hand <= received)
);
CREATE TABLE product_reservations (
    sku        TEXT   NOT NULL CONSTRAINT product_reservations_product REFERENCES products,
    order_id   BYTEA  NOT NULL,
    status     TEXT   NOT NULL CONSTRAINT product_reservations_status
                   CHECK (status IN ('held', 'released', 'barred', 'taken_out', 'refused')),
    quantity   BIGINT CONSTRAINT product_reservations_quantity CHECK (quantity BETWEEN 1 AND 1000000),
    changed_at BIGINT NOT NULL,
    CONSTRAINT product_reservations_pk PRIMARY KEY (sku, order_id),
    CONSTRAINT product_reservations_known CHECK ((quantity IS NULL) = (status = 'barred'))
);
CREATE INDEX product_reservations_over ON product_reservations (changed_at) WHERE status <> 'held';
",
    }],
};

/// Every statement of the tables of products, for the check that another database understands them too.
pub const STATEMENTS: &[&[Statement]] =
    &[rows::STATEMENTS, list::STATEMENTS, audit::STATEMENTS, retention::STATEMENTS];

/// Where products are, for whoever looks at many of them.
#[derive(Clone, Debug)]
pub enum Store {
    /// In rows of the service's own.
    Rows,
    /// In the ledger, and in memory as far as there is room.
    Ledger(Grid<Product>),
}

impl Store {
    /// Where their past is kept.
    ///
    /// # Errors
    /// 501 where it is not.
    pub fn past(&self) -> Result<&Grid<Product>, Problem> {
        match self {
            Self::Rows => Err(no_past()),
            Self::Ledger(grid) => Ok(grid),
        }
    }

    /// The products after one, at most `limit`, in the order of their ids.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn list(
        &self,
        tx: &mut Transaction,
        after: Option<&Sku>,
        limit: u32,
    ) -> Result<Vec<warehouse::Product>, Error> {
        match self {
            Self::Rows => list(tx, after, limit).await,
            Self::Ledger(grid) => ledger::list(grid, tx, after, limit).await,
        }
    }

    /// As [`list`](Self::list), with what is set aside.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn audit(
        &self,
        tx: &mut Transaction,
        after: Option<&Sku>,
        limit: u32,
    ) -> Result<Vec<Audited>, Error> {
        match self {
            Self::Rows => audit(tx, after, limit).await,
            Self::Ledger(grid) => ledger::audit(grid, tx, after, limit).await,
        }
    }

    /// How many there are of what, over all products.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn counters(&self, tx: &mut Transaction) -> Result<BTreeMap<String, i64>, Error> {
        match self {
            Self::Rows => counters(tx).await,
            Self::Ledger(grid) => ledger::counters(grid, tx).await,
        }
    }
}
