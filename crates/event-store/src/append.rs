//! Appending to streams.

use std::collections::BTreeSet;
use std::sync::Arc;

use database::{Transaction, params};
use uuid::Uuid;

use crate::changes::Changes;
use crate::stream::{self, InvalidName};
use crate::{Metadata, NewEvent, StreamName, schema};

/// How many events one call may append, in all its streams together.
pub const MAX_EVENTS: usize = 1_000;

/// The version of a stream that an append was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whichever it is.
    Any,
    /// The stream has no events yet.
    None,
    /// This one; 0 is [`None`](Self::None).
    Version(u64),
}

/// What is to be appended to one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamName,
    /// The version that was decided on.
    pub expected: Expected,
    /// The events, in their order; at least one.
    pub events: Vec<NewEvent>,
}

/// What was recorded in one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The version of its last event.
    pub version: u64,
    /// The position of each event, ascending.
    pub positions: Vec<u64>,
    /// Whether that was before: the same events had been appended already, and nothing was now.
    pub repeated: bool,
}

/// Why nothing was appended.
///
/// All of these but the last are found before anything is written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The stream is at another version than was decided on: load, decide again, append.
    ///
    /// The version may have come from outside, and would be the wrong one again: the transaction's closure is only run
    /// again if it says so by [`Transaction::conflict`], as a [repository](crate::Repository) does.
    #[error("`{stream}` is at version {current}, not {expected}")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// The version that was decided on.
        expected: u64,
        /// The one that it is at.
        current: u64,
    },
    /// The writer may not append to streams of this category.
    #[error("this writer may not append to `{stream}`")]
    NotAllowed {
        /// The stream.
        stream: StreamName,
    },
    /// Some of the events had been recorded before, and others not.
    #[error("of the events for `{stream}` some were recorded before, but not `{missing}`")]
    PartlyRepeated {
        /// The stream.
        stream: StreamName,
        /// One that was not, or not at this place.
        missing: Uuid,
    },
    /// An event of this id was recorded in another stream.
    #[error("the event `{id}` for `{stream}` is one of `{other}`")]
    RecordedElsewhere {
        /// The id.
        id: Uuid,
        /// The stream that it was to be appended to.
        stream: StreamName,
        /// The stream that it is in.
        other: String,
    },
    /// No event, a stream twice, an event's id twice, too many events, or metadata that is too long.
    #[error("this cannot be appended: {rule}")]
    Malformed {
        /// What should be.
        rule: &'static str,
    },
    /// The database failed.
    #[error("appending to the ledger")]
    Database(#[from] database::Error),
}

/// As what builds on the database tells it: a conflict is one, which by itself runs nothing again, and what the database
/// said is as it said it.
impl From<Error> for database::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error,
            Error::Conflict { .. } => Self::Conflict { what: "stream" },
            error => Self::Layer { doing: "appending to the ledger", source: Arc::new(error) },
        }
    }
}

/// Appends to streams of its own categories; clones do the same.
#[derive(Clone, Debug)]
pub struct Writer {
    categories: Arc<[Box<str>]>,
    changes: Changes,
}

impl Writer {
    pub(crate) fn new(categories: &[&str], changes: Changes) -> Result<Self, InvalidName> {
        categories.iter().try_for_each(|category| stream::check_category(category))?;
        Ok(Self { categories: categories.iter().map(|&category| category.into()).collect(), changes })
    }

    /// Appends to one stream or several, all or none, in the caller's transaction. Whoever reads the ledger is woken
    /// once that is committed.
    ///
    /// Repeating it is harmless: events of the same ids, appended to the same streams, are answered with what was
    /// recorded then. A refusal leaves the transaction as it was.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn append(
        &self,
        tx: &mut Transaction,
        appends: &[Append],
        metadata: &Metadata,
    ) -> Result<Vec<Appended>, Error> {
        self.check(appends, metadata)?;
        // Sorted, so that two that append to the same streams never wait for each other in a circle.
        let mut sorted: Vec<(usize, &Append)> = appends.iter().enumerate().collect();
        sorted.sort_by(|(_, one), (_, other)| one.stream.cmp(&other.stream));
        let mut found = Vec::with_capacity(sorted.len());
        for (index, append) in sorted {
            found.push((index, append, look(tx, append).await?));
        }
        if let Some(missing) = missing_beside_repeated(&found) {
            return Err(missing);
        }
        let mut appended = Vec::with_capacity(found.len());
        for (index, append, found) in found {
            let done = match found {
                Found::Repeated(before) => before,
                Found::New { current } => write(tx, append, current, metadata).await?,
            };
            appended.push((index, done));
        }
        let changes = self.changes.clone();
        tx.after_commit(move || changes.tell());
        appended.sort_by_key(|(index, _)| *index);
        Ok(appended.into_iter().map(|(_, appended)| appended).collect())
    }

    fn check(&self, appends: &[Append], metadata: &Metadata) -> Result<(), Error> {
        let malformed = |rule| Err(Error::Malformed { rule });
        let events = || appends.iter().flat_map(|append| &append.events);
        if let Some(Append { stream, .. }) = appends.iter().find(|append| !self.may(append)) {
            return Err(Error::NotAllowed { stream: stream.clone() });
        }
        if appends.iter().any(|append| append.events.is_empty()) {
            return malformed("every stream gets at least one event");
        }
        if events().count() > MAX_EVENTS {
            return malformed("at most 1,000 events at a time");
        }
        if appends.len() > 1
            && appends.iter().map(|append| &append.stream).collect::<BTreeSet<_>>().len() < appends.len()
        {
            return malformed("every stream is named once");
        }
        if events().count() > 1
            && events().map(NewEvent::id).collect::<BTreeSet<_>>().len() < events().count()
        {
            return malformed("every event has an id of its own");
        }
        if !metadata.is_bounded() {
            return malformed("texts in metadata have at most 256 bytes");
        }
        Ok(())
    }

    fn may(&self, append: &Append) -> bool {
        self.categories.iter().any(|category| **category == *append.stream.category())
    }
}

/// What there is of an append before it is written.
enum Found {
    New { current: u64 },
    Repeated(Appended),
}

/// Where an event was recorded.
struct Place {
    position: u64,
    stream: String,
    version: u64,
}

async fn look(tx: &mut Transaction, append: &Append) -> Result<Found, Error> {
    let Append { stream, expected, events } = append;
    let Some((first, others)) = events.split_first() else {
        return Err(Error::Malformed { rule: "every stream gets at least one event" });
    };
    let (current, known): (u64, Option<u64>) = tx
        .query_one(schema::LOOK, params![stream.as_str(), first.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    let mut places = vec![if known.is_some() { find(tx, first.id).await? } else { None }];
    for event in others {
        places.push(find(tx, event.id).await?);
    }
    if places.iter().any(Option::is_some) {
        return repeated(stream, events, places).map(Found::Repeated);
    }
    match *expected {
        Expected::Version(expected) if expected != current => {
            Err(Error::Conflict { stream: stream.clone(), expected, current })
        }
        Expected::None if current != 0 => {
            Err(Error::Conflict { stream: stream.clone(), expected: 0, current })
        }
        _ => Ok(Found::New { current }),
    }
}

async fn find(tx: &mut Transaction, id: Uuid) -> Result<Option<Place>, database::Error> {
    let read = |row: &database::Row<'_>| {
        Ok(Place { position: row.get(0)?, stream: row.get(1)?, version: row.get(2)? })
    };
    tx.query_opt(schema::FIND, params![id], read).await
}

/// What was recorded, if it was all of it, at one place and in this order.
fn repeated(stream: &StreamName, events: &[NewEvent], places: Vec<Option<Place>>) -> Result<Appended, Error> {
    let mut appended = Appended { version: 0, positions: Vec::with_capacity(places.len()), repeated: true };
    for (NewEvent { id, .. }, place) in events.iter().zip(places) {
        match place {
            Some(place) if place.stream != stream.as_str() => {
                return Err(Error::RecordedElsewhere {
                    id: *id,
                    stream: stream.clone(),
                    other: place.stream,
                });
            }
            Some(place) if appended.version == 0 || appended.version + 1 == place.version => {
                appended.version = place.version;
                appended.positions.push(place.position);
            }
            _ => return Err(Error::PartlyRepeated { stream: stream.clone(), missing: *id }),
        }
    }
    Ok(appended)
}

/// Of several streams all are new or all are repeated.
fn missing_beside_repeated(found: &[(usize, &Append, Found)]) -> Option<Error> {
    let any_repeated = found.iter().any(|(_, _, found)| matches!(found, Found::Repeated(_)));
    let new = found.iter().find(|(_, _, found)| matches!(found, Found::New { .. }));
    let (_, Append { stream, events, .. }, _) = new.filter(|_| any_repeated)?;
    Some(Error::PartlyRepeated { stream: stream.clone(), missing: events.first()?.id })
}

async fn write(
    tx: &mut Transaction,
    append: &Append,
    current: u64,
    metadata: &Metadata,
) -> Result<Appended, Error> {
    let Append { stream, events, .. } = append;
    let (now, partition) = (tx.now(), u32::from(stream.partition()));
    let mut appended =
        Appended { version: current, positions: Vec::with_capacity(events.len()), repeated: false };
    for event in events {
        appended.version += 1;
        let row = params![
            stream.as_str(),
            appended.version,
            stream.category(),
            partition,
            &*event.kind,
            event.schema_version,
            event.id,
            now,
            event.effective_at.unwrap_or(now),
            metadata.actor,
            metadata.traceparent,
            metadata.causation_id,
            metadata.correlation_id,
            event.data
        ];
        appended.positions.push(tx.query_one(schema::APPEND, row, |row| row.get(0)).await?);
    }
    Ok(appended)
}
