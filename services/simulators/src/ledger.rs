//! What the simulators have answered, kept so that it survives a crash: the same key gets the same answer for ever.

use contracts::{
    Currency, Money, OrderId, Reference, Timestamp,
    outside::simulators::{Entry, Held, Outcome},
};
use database::{Kind, Migration, Row, Schema, Transaction, params, statements};
use uuid::Uuid;

use crate::{
    error::{Error, decode, encode},
    settings::System,
};

/// The tables of the ledger.
pub const SCHEMA: Schema = Schema {
    name: "simulator_ledger",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE ledger (
    system      TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    key         TEXT   NOT NULL,
    fingerprint BYTEA  NOT NULL,
    id          TEXT   NOT NULL,
    reference   TEXT,
    order_id    BYTEA  NOT NULL,
    amount      BIGINT,
    currency    TEXT,
    result      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    CONSTRAINT ledger_pk PRIMARY KEY (system, position),
    CONSTRAINT ledger_key UNIQUE (system, key)
);
CREATE INDEX ledger_order ON ledger (system, order_id);
CREATE TABLE calls (
    system TEXT   NOT NULL,
    key    TEXT   NOT NULL,
    count  BIGINT NOT NULL,
    CONSTRAINT calls_pk PRIMARY KEY (system, key)
);
",
    }],
};

statements! {
    /// The answer to a key.
    const FIND: "SELECT position, id, key, reference, order_id, amount, currency, result, at, fingerprint \
        FROM ledger WHERE system = $1 AND key = $2";
    /// Writes an answer down, after all others.
    const RECORD: "INSERT INTO ledger (system, position, key, fingerprint, id, reference, order_id, amount, currency, result, at) \
        SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM ledger WHERE system = $1 \
        RETURNING position";
    /// A page of the ledger.
    const PAGE: "SELECT position, id, key, reference, order_id, amount, currency, result, at \
        FROM ledger WHERE system = $1 AND position > $2 ORDER BY position LIMIT $3";
    /// What was answered about an order.
    const OF_ORDER: "SELECT position, id, key, reference, order_id, amount, currency, result, at \
        FROM ledger WHERE system = $1 AND order_id = $2 ORDER BY position LIMIT $3";
    /// Counts a call.
    const COUNT_CALL: "INSERT INTO calls (system, key, count) VALUES ($1, $2, 1) \
        ON CONFLICT (system, key) DO UPDATE SET count = calls.count + 1 RETURNING count";
}

/// A request, as the ledger sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What the caller calls it; the same for ever.
    pub key: String,
    /// A hash of its body.
    pub fingerprint: Uuid,
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// The order that it is about.
    pub order_id: OrderId,
    /// Payment only: how much.
    pub amount: Option<Money>,
}

impl From<&Call> for Held {
    fn from(call: &Call) -> Self {
        Self { reference: call.reference.clone(), order_id: call.order_id, key: call.key.clone() }
    }
}

/// What was answered to this key before, if anything.
///
/// # Errors
/// [`Error::KeyReused`] if it came with another body.
pub(crate) async fn find(tx: &mut Transaction, system: System, call: &Call) -> Result<Option<Entry>, Error> {
    let row = |row: &Row<'_>| Ok((Stored::read(row)?, row.get::<Uuid>(9)?));
    match tx.query_opt(FIND, params![system.name(), call.key], row).await? {
        None => Ok(None),
        Some((stored, fingerprint)) if fingerprint == call.fingerprint => stored.parse().map(Some),
        Some(_) => Err(Error::KeyReused),
    }
}

/// Writes down what is answered.
pub(crate) async fn record(
    tx: &mut Transaction,
    system: System,
    call: &Call,
    result: Outcome,
) -> Result<Entry, Error> {
    let (now, id) = (tx.now(), answer_id(system, &call.key));
    let (amount, currency) = (call.amount.map(Money::amount), call.amount.map(Money::currency));
    let row = params![
        system.name(),
        call.key,
        call.fingerprint,
        id,
        call.reference.as_ref().map(Reference::as_str),
        call.order_id.uuid(),
        amount,
        currency.as_ref().map(Currency::as_str),
        encode(&result)?,
        now
    ];
    let position = tx.query_one(RECORD, row, |row| row.get(0)).await?;
    let Call { key, reference, order_id, amount, .. } = call.clone();
    Ok(Entry { position, id, key, reference, order_id, amount, result, at: Timestamp::from_micros(now) })
}

/// Up to `limit` entries after this position, the oldest first.
pub(crate) async fn page(
    tx: &mut Transaction,
    system: System,
    after: u64,
    limit: u64,
) -> Result<Vec<Entry>, Error> {
    let rows = tx.query(PAGE, params![system.name(), after, limit], Stored::read).await?;
    rows.into_iter().map(Stored::parse).collect()
}

/// Up to `limit` entries about an order, the oldest first.
pub(crate) async fn of_order(
    tx: &mut Transaction,
    system: System,
    order: OrderId,
    limit: u64,
) -> Result<Vec<Entry>, Error> {
    let rows = tx.query(OF_ORDER, params![system.name(), order.uuid(), limit], Stored::read).await?;
    rows.into_iter().map(Stored::parse).collect()
}

/// Counts a call under this key; the number of this one, from 1.
pub(crate) async fn count_call(tx: &mut Transaction, system: System, key: &str) -> Result<u64, Error> {
    Ok(tx.query_one(COUNT_CALL, params![system.name(), key], |row| row.get(0)).await?)
}

/// The name of a charge, a booking or a message.
fn answer_id(system: System, key: &str) -> String {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{system}/{key}").as_bytes());
    format!("{}{}", system.id_prefix(), id.simple())
}

/// An entry as it is stored, its values not parsed yet.
struct Stored {
    position: u64,
    id: String,
    key: String,
    reference: Option<String>,
    order_id: Uuid,
    amount: Option<i64>,
    currency: Option<String>,
    result: String,
    at: i64,
}

impl Stored {
    fn read(row: &Row<'_>) -> Result<Self, database::Error> {
        Ok(Self {
            position: row.get(0)?,
            id: row.get(1)?,
            key: row.get(2)?,
            reference: row.get(3)?,
            order_id: row.get(4)?,
            amount: row.get(5)?,
            currency: row.get(6)?,
            result: row.get(7)?,
            at: row.get(8)?,
        })
    }

    fn parse(self) -> Result<Entry, Error> {
        let amount = match (self.amount, self.currency) {
            (Some(amount), Some(currency)) => Some(Money::new(amount, currency.parse()?)?),
            _ => None,
        };
        Ok(Entry {
            position: self.position,
            id: self.id,
            key: self.key,
            reference: self.reference.map(|text| text.parse()).transpose()?,
            order_id: OrderId::new(self.order_id),
            amount,
            result: decode(&self.result)?,
            at: Timestamp::from_micros(self.at),
        })
    }
}
