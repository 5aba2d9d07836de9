//! Where customers are kept: rows with columns, and constraints that let no credit be overdrawn whatever the
//! program does.

mod audit;
mod list;
mod retention;
mod rows;

use std::collections::BTreeMap;

use chassis::{idempotency, problem::Problem};
use choreography::ledger::past::no_past;
use choreography::{copies, reports};
use contracts::{CustomerId, customers};
use database::{Error, Kind, Migration, Schema, Statement, Transaction, leases};
use event_store::Grid;
use messaging::{inbox, outbox};

use crate::{domain::Customer, ledger};

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

/// The tables of customers.
pub const SCHEMA: Schema = Schema {
    name: "customers",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE customers (
    customer_id     BYTEA  NOT NULL CONSTRAINT customers_pk PRIMARY KEY,
    name            TEXT   NOT NULL,
    email           TEXT   NOT NULL,
    line1           TEXT   NOT NULL,
    postal_code     TEXT   NOT NULL,
    city            TEXT   NOT NULL,
    country         TEXT   NOT NULL,
    currency        TEXT   NOT NULL,
    credit_limit    BIGINT NOT NULL,
    credit_reserved BIGINT NOT NULL CONSTRAINT customers_credit_reserved CHECK (credit_reserved >= 0),
    created_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    CONSTRAINT customers_credit_limit CHECK (credit_reserved <= credit_limit)
);
CREATE TABLE customer_reservations (
    customer_id BYTEA  NOT NULL CONSTRAINT customer_reservations_customer REFERENCES customers,
    order_id    BYTEA  NOT NULL,
    status      TEXT   NOT NULL CONSTRAINT customer_reservations_status
                    CHECK (status IN ('held', 'released', 'barred', 'settled', 'insufficient_credit', 'currency_mismatch')),
    amount      BIGINT CONSTRAINT customer_reservations_amount CHECK (amount >= 0),
    currency    TEXT,
    changed_at  BIGINT NOT NULL,
    CONSTRAINT customer_reservations_pk PRIMARY KEY (customer_id, order_id),
    CONSTRAINT customer_reservations_known CHECK ((amount IS NULL) = (status = 'barred')
        AND (currency IS NULL) = (status = 'barred'))
);
CREATE INDEX customer_reservations_over ON customer_reservations (changed_at) WHERE status <> 'held';
",
    }],
};

/// Every statement of the tables of customers, for the check that another database understands them too.
pub const STATEMENTS: &[&[Statement]] =
    &[rows::STATEMENTS, list::STATEMENTS, audit::STATEMENTS, retention::STATEMENTS];

/// Where customers are, for whoever looks at many of them.
#[derive(Clone, Debug)]
pub enum Store {
    /// In rows of the service's own.
    Rows,
    /// In the ledger, and in memory as far as there is room.
    Ledger(Grid<Customer>),
}

impl Store {
    /// Where their past is kept.
    ///
    /// # Errors
    /// 501 where it is not.
    pub fn past(&self) -> Result<&Grid<Customer>, Problem> {
        match self {
            Self::Rows => Err(no_past()),
            Self::Ledger(grid) => Ok(grid),
        }
    }

    /// The customers after one, at most `limit`, in the order of their ids.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn list(
        &self,
        tx: &mut Transaction,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<customers::Customer>, Error> {
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
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Audited>, Error> {
        match self {
            Self::Rows => audit(tx, after, limit).await,
            Self::Ledger(grid) => ledger::audit(grid, tx, after, limit).await,
        }
    }

    /// How many there are of what, over all customers.
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
