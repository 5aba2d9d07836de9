//! Where shipments are kept: one row each, with constraints of its own. All stay but tombstones.

use aggregate::{Change, Repository, Versioned};
use contracts::{
    Address, Line, OrderId, Reference, Timestamp,
    shipping::{self, ShipmentStatus},
};
use database::{Error, Kind, Migration, Row, Schema, Transaction, params, statements};
use event_store::Grid;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    domain::{Dispatch, Request, Shipment, Stage},
    ledger, view,
};

/// The table of shipments.
pub const SCHEMA: Schema = Schema {
    name: "shipping",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE shipments (
    order_id         BYTEA  NOT NULL CONSTRAINT shipments_pk PRIMARY KEY,
    version          BIGINT NOT NULL,
    status           TEXT   NOT NULL,
    reference        TEXT,
    address          TEXT,
    lines            TEXT,
    call_off_awaited BIGINT NOT NULL,
    carrier          TEXT,
    tracking_number  TEXT,
    dispatched_at    BIGINT,
    barred_at        BIGINT,
    CONSTRAINT shipments_status CHECK (status IN ('REQUESTED', 'BOOKING', 'DISPATCHED', 'CALLED_OFF', 'REFUSED')),
    CONSTRAINT shipments_requested CHECK (status = 'CALLED_OFF' OR (address IS NOT NULL AND lines IS NOT NULL)),
    CONSTRAINT shipments_dispatched CHECK ((status = 'DISPATCHED')
        = (carrier IS NOT NULL AND tracking_number IS NOT NULL AND dispatched_at IS NOT NULL)),
    CONSTRAINT shipments_barred CHECK ((barred_at IS NOT NULL) = (address IS NULL))
);
CREATE INDEX shipments_barred_at ON shipments (barred_at) WHERE barred_at IS NOT NULL;
",
    }],
};

statements! {
    /// One shipment.
    const FIND: "SELECT order_id, version, status, reference, address, lines, call_off_awaited, carrier, \
        tracking_number, dispatched_at FROM shipments WHERE order_id = $1";
    /// The newest shipments below an order's id; such ids are made in the order of time.
    const NEWEST: "SELECT order_id, version, status, reference, address, lines, call_off_awaited, carrier, \
        tracking_number, dispatched_at FROM shipments WHERE order_id < $1 ORDER BY order_id DESC LIMIT $2";
    /// Every shipment.
    const ALL: "SELECT order_id, version, status, reference, address, lines, call_off_awaited, carrier, \
        tracking_number, dispatched_at FROM shipments ORDER BY order_id";
    /// A new shipment, or the tombstone of one.
    const INSERT: "INSERT INTO shipments (order_id, version, status, reference, address, lines, call_off_awaited, \
        carrier, tracking_number, dispatched_at, barred_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// What became of a shipment that is still at the version that was decided on. A final status is never left.
    const UPDATE: "UPDATE shipments SET version = $3, status = $4, call_off_awaited = $5, carrier = $6, \
        tracking_number = $7, dispatched_at = $8 \
        WHERE order_id = $1 AND version = $2 AND status IN ('REQUESTED', 'BOOKING')";
    /// Since when there is the oldest tombstone.
    const OLDEST: "SELECT MIN(barred_at) FROM shipments WHERE barred_at IS NOT NULL";
    /// Forgets some old tombstones.
    const FORGET: "DELETE FROM shipments WHERE order_id IN (\
        SELECT order_id FROM shipments WHERE barred_at < $1 ORDER BY barred_at LIMIT $2)";
}

/// Where shipments are, for whoever looks at them.
#[derive(Clone, Debug)]
pub enum Store {
    /// In rows of the service's own.
    Rows,
    /// In the ledger, and in memory as far as there is room.
    Ledger(Grid<Shipment>),
}

impl Store {
    /// The shipment of an order, as clients see it.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn find(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
    ) -> Result<Option<shipping::Shipment>, Error> {
        match self {
            Self::Rows => find(tx, order_id).await,
            Self::Ledger(grid) => ledger::find(grid, tx, order_id).await,
        }
    }

    /// The newest shipments, at most `limit`, all of them older than the order `before` if there is one.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn newest(
        &self,
        tx: &mut Transaction,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<shipping::Shipment>, Error> {
        match self {
            Self::Rows => newest(tx, before, limit).await,
            Self::Ledger(grid) => ledger::newest(grid, tx, before, limit).await,
        }
    }

    /// Every shipment, sorted by id.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn all(&self, tx: &mut Transaction) -> Result<Vec<shipping::Shipment>, Error> {
        match self {
            Self::Rows => all(tx).await,
            Self::Ledger(grid) => ledger::all(grid, tx).await,
        }
    }
}

/// Shipments kept as rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows;

impl Repository<Shipment> for Rows {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[OrderId],
        _scope: &(),
    ) -> Result<Vec<Versioned<Shipment>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let shipment = tx.query_opt(FIND, params![id.uuid()], read).await?;
            found.push(shipment.map(|(_, shipment)| shipment).unwrap_or_default());
        }
        Ok(found)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Shipment>]) -> Result<(), Error> {
        let mut sorted: Vec<_> = changes.iter().collect();
        sorted.sort_by_key(|change| change.id);
        for change in sorted {
            save(tx, change).await?;
        }
        Ok(())
    }
}

/// The shipment of an order, as clients see it.
///
/// # Errors
/// If the store fails.
pub async fn find(tx: &mut Transaction, order_id: OrderId) -> Result<Option<shipping::Shipment>, Error> {
    let found = tx.query_opt(FIND, params![order_id.uuid()], read).await?;
    Ok(found.and_then(|(order_id, shipment)| view::of(order_id, &shipment)))
}

/// The newest shipments, at most `limit`, all of them older than the order `before` if there is one.
///
/// # Errors
/// If the store fails.
pub async fn newest(
    tx: &mut Transaction,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<shipping::Shipment>, Error> {
    let before = before.map_or(Uuid::max(), OrderId::uuid);
    Ok(views(tx.query(NEWEST, params![before, limit], read).await?))
}

/// Every shipment, sorted by id.
///
/// # Errors
/// If the store fails.
pub async fn all(tx: &mut Transaction) -> Result<Vec<shipping::Shipment>, Error> {
    Ok(views(tx.query(ALL, params![], read).await?))
}

/// Since when there is the oldest tombstone, in microseconds since the Unix epoch.
///
/// # Errors
/// If the store fails.
pub async fn oldest_tombstone(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    tx.query_one(OLDEST, params![], |row| row.get(0)).await
}

/// Forgets tombstones from before `before` (microseconds since the Unix epoch), at most `limit` of them. Returns how many
/// there were.
///
/// A tombstone is what a call-off leaves that found no request; it refuses the request, should that still come. Ordering
/// stops asking for a shipment in the transaction that asks to call it off, so the only late request is one that was on
/// its way then. A request over HTTP is for as long as its time-out, and a message is in the order of its key, behind
/// which its undo waits wherever it waits. What remains are messages that a relay sends again since it had ended before
/// it marked them: a week is longer than one is down.
///
/// # Errors
/// If the store fails.
pub async fn forget_tombstones(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, Error> {
    tx.execute(FORGET, params![before, limit]).await
}

fn views(found: Vec<(OrderId, Versioned<Shipment>)>) -> Vec<shipping::Shipment> {
    found.iter().filter_map(|(order_id, shipment)| view::of(*order_id, shipment)).collect()
}

async fn save(tx: &mut Transaction, change: &Change<Shipment>) -> Result<(), Error> {
    let (id, version, shipment) = (change.id.uuid(), change.version(), &change.after);
    let status = shipment.status().map(name);
    let awaited = shipment.call_off_awaited;
    let dispatch = if let Stage::Dispatched(dispatch) = &shipment.stage { Some(dispatch) } else { None };
    let carrier = dispatch.map(|dispatch| dispatch.carrier.as_str());
    let tracking = dispatch.map(|dispatch| dispatch.tracking_number.as_str());
    let at = dispatch.map(|dispatch| dispatch.at.micros());
    let written = if change.expected == 0 {
        let request = shipment.request.as_ref();
        let reference = request.and_then(|request| request.reference.as_ref()).map(Reference::as_str);
        let address = request.and_then(|request| json(&request.address));
        let lines = request.and_then(|request| json(&request.lines));
        let barred = address.is_none().then(|| tx.now());
        let row =
            params![id, version, status, reference, address, lines, awaited, carrier, tracking, at, barred];
        tx.execute(INSERT, row).await?
    } else {
        let row = params![id, change.expected, version, status, awaited, carrier, tracking, at];
        tx.execute(UPDATE, row).await?
    };
    if written == 1 { Ok(()) } else { Err(tx.conflict("shipment")) }
}

fn read(row: &Row<'_>) -> Result<(OrderId, Versioned<Shipment>), Error> {
    let request = match row.json::<Option<Address>>(4)? {
        None => None,
        Some(address) => {
            Some(Request { reference: row.parse_opt(3)?, address, lines: row.json::<Vec<Line>>(5)? })
        }
    };
    let state = Shipment { request, stage: stage(row)?, call_off_awaited: row.get(6)? };
    Ok((row.get::<Uuid>(0)?.into(), Versioned { state, version: row.get(1)? }))
}

fn stage(row: &Row<'_>) -> Result<Stage, Error> {
    let stage = match row.get::<String>(2)?.as_str() {
        "REQUESTED" => Stage::Requested,
        "BOOKING" => Stage::Booking,
        "DISPATCHED" => {
            let (carrier, tracking_number) = (row.get(7)?, row.get(8)?);
            Stage::Dispatched(Dispatch { carrier, tracking_number, at: Timestamp::from_micros(row.get(9)?) })
        }
        "CALLED_OFF" => Stage::CalledOff,
        "REFUSED" => Stage::Refused,
        _ => {
            let (statement, column) = (FIND.name(), "status".to_owned());
            let (expected, found) = ("a shipment's status", "another text");
            return Err(Error::Column { statement, column, expected, found });
        }
    };
    Ok(stage)
}

const fn name(status: ShipmentStatus) -> &'static str {
    match status {
        ShipmentStatus::Requested => "REQUESTED",
        ShipmentStatus::Booking => "BOOKING",
        ShipmentStatus::Dispatched => "DISPATCHED",
        ShipmentStatus::CalledOff => "CALLED_OFF",
        ShipmentStatus::Refused => "REFUSED",
    }
}

/// Addresses and lines always have a JSON form; without one the column would be null, which its constraint refuses.
fn json<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_string(value).ok()
}
