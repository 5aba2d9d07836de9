//! Reading a stream, and all of them.

use database::{Error, Row, Transaction, params};

use crate::log::{Filter, Page};
use crate::{Metadata, Recorded, StreamName, schema};

/// How many rows one page of [`all`] looks at, however few of them the filter lets through.
const MAX_SCAN: usize = 4_096;

/// How much data one page may carry, in bytes: beyond it no further event is taken.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The version of a stream: that of its last event, 0 if there is none.
///
/// # Errors
/// Those of a statement.
pub async fn version(tx: &mut Transaction, stream: &StreamName) -> Result<u64, Error> {
    tx.query_one(schema::VERSION, params![stream.as_str()], |row| row.get(0)).await
}

/// The streams of a category, by name: at most `limit` of those after the stream of the id `after`, or from the first.
///
/// # Errors
/// Those of a statement, and a category that is none has no streams.
pub async fn streams(
    tx: &mut Transaction,
    category: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<StreamName>, Error> {
    let after = format!("{category}-{}", after.unwrap_or_default());
    tx.query(schema::STREAMS, params![category, after, rows(limit)], |row| row.parse(0)).await
}

/// As [`streams`], backwards from the stream of the id `before`, or from the last.
///
/// # Errors
/// As [`streams`].
pub async fn streams_before(
    tx: &mut Transaction,
    category: &str,
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<StreamName>, Error> {
    // A tilde sorts behind whatever an id is made of.
    let before = format!("{category}-{}", before.unwrap_or("~"));
    tx.query(schema::STREAMS_BEFORE, params![category, before, rows(limit)], |row| row.parse(0)).await
}

/// The events of a stream from version `from` up to `up_to`, both included; at most `limit`. The next page begins after
/// the last of them.
///
/// # Errors
/// Those of a statement.
pub async fn forward(
    tx: &mut Transaction,
    stream: &StreamName,
    from: u64,
    up_to: u64,
    limit: usize,
) -> Result<Vec<Recorded>, Error> {
    let page = params![stream.as_str(), stored(from), stored(up_to), rows(limit)];
    tx.query(schema::FORWARD, page, recorded).await
}

/// The events of a stream from version `from` backwards, itself included; at most `limit`. `u64::MAX` begins with the last.
///
/// # Errors
/// Those of a statement.
pub async fn backward(
    tx: &mut Transaction,
    stream: &StreamName,
    from: u64,
    limit: usize,
) -> Result<Vec<Recorded>, Error> {
    tx.query(schema::BACKWARD, params![stream.as_str(), stored(from), rows(limit)], recorded).await
}

/// A look back: at what was effective at one instant, as far as it was known at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// Events count that are effective from this instant or an earlier one; microseconds since the Unix epoch.
    pub effective: i64,
    /// Of them those that had been recorded at this instant; all of them, if `None`.
    pub known: Option<i64>,
}

/// What of a stream was effective, as far as it was known, at most `limit` events after the event `after` of the page
/// before. They come in the order in which they became effective; of several at one instant, in that of their versions.
///
/// # Errors
/// Those of a statement.
pub async fn as_of(
    tx: &mut Transaction,
    stream: &StreamName,
    at: AsOf,
    after: Option<&Recorded>,
    limit: usize,
) -> Result<Vec<Recorded>, Error> {
    let known = at.known.unwrap_or(i64::MAX);
    let (since, version) = after.map_or((i64::MIN, 0), |event| (event.effective_at, event.version));
    let page = params![stream.as_str(), at.effective, known, since, version, rows(limit)];
    tx.query(schema::AS_OF, page, recorded).await
}

/// The position of the last event of all.
///
/// # Errors
/// Those of a statement.
pub async fn last(tx: &mut Transaction) -> Result<u64, Error> {
    tx.query_one(schema::LAST, params![], |row| row.get(0)).await
}

/// The position of the last event of all, and when the first one after position `after` was recorded, if there is any:
/// microseconds since the Unix epoch.
///
/// # Errors
/// Those of a statement.
pub async fn beyond(tx: &mut Transaction, after: u64) -> Result<(u64, Option<i64>), Error> {
    tx.query_one(schema::BEYOND, params![stored(after)], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The position of the last event that was recorded before an instant (microseconds since the Unix epoch), or one behind it
/// where there is none; 0 if all were recorded later. Recorded times never go back, so it is a search in ever narrower bounds: one look
/// for every doubling of the ledger.
///
/// # Errors
/// Those of a statement.
pub async fn before(tx: &mut Transaction, instant: i64) -> Result<u64, Error> {
    // What is at `low` or below was recorded before, and nothing from above `high` on.
    let (mut low, mut high) = (0, last(tx).await?);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let recorded: Option<i64> =
            tx.query_opt(schema::AT, params![stored(middle)], |row| row.get(0)).await?;
        match recorded {
            Some(at) if at < instant => low = middle,
            _ => high = middle - 1,
        }
    }
    Ok(low)
}

/// Those of the events after position `after` and up to `up_to` that the filter lets through: at most `limit` of them,
/// 4 MiB of data, and as many as are found among a few thousand.
///
/// The next page is after what this one has [scanned](Page::scanned), which may be beyond the last event in it, and is never
/// beyond the last of all.
///
/// # Errors
/// Those of a statement.
pub async fn all(
    tx: &mut Transaction,
    after: u64,
    up_to: u64,
    filter: &Filter,
    limit: usize,
) -> Result<Page, Error> {
    let limit = limit.max(1);
    let (mut page, mut bytes, mut looked) = (Page { events: Vec::new(), scanned: after }, 0, 0);
    // Each query asks for no more rows than would fit if all of them were let through.
    while page.events.len() <= limit / 2 && bytes < MAX_BYTES && looked < MAX_SCAN {
        let room = limit - page.events.len();
        let before = page.scanned;
        let range = params![stored(before), stored(up_to), rows(room)];
        let seen = tx
            .query(schema::ALL, range, |row| {
                if bytes < MAX_BYTES {
                    page.scanned = row.get(0)?;
                    if let Some(event) = matching(row, filter)? {
                        bytes += event.data.len();
                        page.events.push(event);
                    }
                }
                Ok(())
            })
            .await?
            .len();
        looked += seen;
        if seen < room && bytes < MAX_BYTES {
            // Not beyond the last event, for more will come there.
            page.scanned = up_to.min(last(tx).await?).max(after);
            break;
        }
        if page.scanned == before {
            break;
        }
    }
    Ok(page)
}

fn matching(row: &Row<'_>, filter: &Filter) -> Result<Option<Recorded>, Error> {
    if filter.is_all() {
        return recorded(row).map(Some);
    }
    let stream: StreamName = row.parse(1)?;
    if !filter.takes(&stream) || !filter.takes_kind(&row.get::<String>(3)?) {
        return Ok(None);
    }
    of_stream(row, stream).map(Some)
}

fn recorded(row: &Row<'_>) -> Result<Recorded, Error> {
    of_stream(row, row.parse(1)?)
}

fn of_stream(row: &Row<'_>, stream: StreamName) -> Result<Recorded, Error> {
    Ok(Recorded {
        position: row.get(0)?,
        stream,
        version: row.get(2)?,
        kind: row.get(3)?,
        schema_version: row.get(4)?,
        id: row.get(5)?,
        recorded_at: row.get(6)?,
        effective_at: row.get(7)?,
        metadata: Metadata {
            actor: row.get(8)?,
            traceparent: row.get(9)?,
            causation_id: row.get(10)?,
            correlation_id: row.get(11)?,
        },
        data: row.get(12)?,
    })
}

/// A bound as columns can hold it.
pub(crate) fn stored(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
