//! Where views are kept: the latest document of each aggregate, with the columns by which it is looked for.
//!
//! Every table is kept in generations, beside each other: the live one answers, and while a rebuild is under way another one is
//! being built of the same tail. Documents of different aggregates are brought together when they are asked for, by
//! indexes that cover the question, and not when they are written: so a row is a function of one document, nothing fans out, and
//! the order in which aggregates are told of cannot matter.

pub mod export;
pub mod generations;
pub mod lists;

mod customers;
mod orders;
mod products;

use database::{Error, Kind as Migrate, Migration, Schema, Statement, Transaction, leases};
use event_store::subscription;
use messaging::{inbox, outbox};

use crate::projection::Document;

/// Everything that the service keeps in its database.
pub const SCHEMAS: &[Schema] =
    &[SCHEMA, leases::SCHEMA, outbox::SCHEMA, inbox::SCHEMA, journal::SCHEMA, subscription::SCHEMA];

/// The tables of views.
pub const SCHEMA: Schema = Schema {
    name: "views",
    migrations: &[Migration {
        version: 1,
        kind: Migrate::Expand,
        sql: "
CREATE TABLE view_generations (
    generation  BIGINT NOT NULL CONSTRAINT view_generations_pk PRIMARY KEY,
    state       TEXT   NOT NULL CONSTRAINT view_generations_state CHECK (state IN ('building', 'live', 'retired')),
    run_id      BYTEA  NOT NULL,
    began_at    BIGINT NOT NULL,
    finished_at BIGINT,
    compared    BIGINT,
    different   BIGINT
);
CREATE TABLE view_sources (
    generation BIGINT NOT NULL,
    aggregate  TEXT   NOT NULL,
    position   TEXT,
    published  BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    complete   BIGINT NOT NULL,
    CONSTRAINT view_sources_pk PRIMARY KEY (generation, aggregate)
);
CREATE TABLE view_customers (
    generation  BIGINT NOT NULL,
    customer_id BYTEA  NOT NULL,
    name        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    document    TEXT   NOT NULL,
    CONSTRAINT view_customers_pk PRIMARY KEY (generation, customer_id)
);
CREATE INDEX view_customers_created ON view_customers (generation, created_at, customer_id);
CREATE TABLE view_products (
    generation BIGINT NOT NULL,
    sku        TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    document   TEXT   NOT NULL,
    CONSTRAINT view_products_pk PRIMARY KEY (generation, sku)
);
CREATE TABLE view_orders (
    generation  BIGINT NOT NULL,
    order_id    BYTEA  NOT NULL,
    customer_id BYTEA  NOT NULL,
    status      TEXT   NOT NULL,
    placed_at   BIGINT,
    total       BIGINT,
    currency    TEXT,
    version     BIGINT NOT NULL,
    document    TEXT   NOT NULL,
    CONSTRAINT view_orders_pk PRIMARY KEY (generation, order_id)
);
CREATE INDEX view_orders_customer ON view_orders (generation, customer_id, order_id, status, currency, total);
CREATE INDEX view_orders_status ON view_orders (generation, status, order_id);
CREATE TABLE view_order_lines (
    generation BIGINT NOT NULL,
    sku        TEXT   NOT NULL,
    order_id   BYTEA  NOT NULL,
    quantity   BIGINT NOT NULL,
    wanted     BIGINT NOT NULL,
    CONSTRAINT view_order_lines_pk PRIMARY KEY (generation, sku, order_id)
);
CREATE INDEX view_order_lines_wanted ON view_order_lines (generation, sku, quantity) WHERE wanted = 1;
",
    }],
};

/// Every statement of the tables of views, for the check that another database understands them too.
pub const STATEMENTS: &[&[Statement]] = &[
    generations::STATEMENTS,
    customers::STATEMENTS,
    orders::STATEMENTS,
    products::STATEMENTS,
    lists::STATEMENTS,
    export::STATEMENTS,
];

/// A document as it is kept: its version, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How many events made it.
    pub version: u64,
    /// The document as JSON.
    pub text: String,
}

/// A document that has a table.
pub trait Stored: Document {
    /// What is kept of it in a generation.
    fn load(
        tx: &mut Transaction,
        generation: i64,
        id: &Self::Id,
    ) -> impl Future<Output = Result<Option<Kept>, Error>>;

    /// Keeps it in a generation, in the place of what was `before`.
    fn save(
        &self,
        tx: &mut Transaction,
        generation: i64,
        before: Option<&Self>,
    ) -> impl Future<Output = Result<(), Error>>;
}

/// The text that a document is kept as.
fn text<D: Document>(document: &D) -> Result<String, Error> {
    // A document is made of texts and numbers: it always has a JSON form.
    serde_json::to_string(document).map_err(|_| Error::Conflict { what: D::KIND.name() })
}
