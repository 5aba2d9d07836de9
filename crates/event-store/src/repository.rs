//! Aggregates that are kept as events in the ledger, and as nothing else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aggregate::{Aggregate, Change, Versioned};
use database::{Transaction, params};
use journal::{Cause, Origin};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::read::{self, AsOf, stored};
use crate::snapshots::{self, Policy, Snapshotter, Wanted};
use crate::types::{self, EventTypes};
use crate::{Append, Expected, Ledger, Metadata, NewEvent, Recorded, StreamName, Writer, append, schema};

/// How many events are read at a time to look back.
const PAGE: usize = 256;

/// An aggregate whose events are recorded in the ledger, in the streams `NAME-id`.
pub trait EventSourced:
    Aggregate<Event: Serialize + DeserializeOwned> + Serialize + DeserializeOwned
{
    /// What the form and the meaning of a stored state hang on. It changes whenever a state that was folded by an older
    /// program is not what this one would fold from the same events; snapshots of another text are passed over.
    ///
    /// `testing::shape` makes one of a state's form.
    const STATE_SCHEMA: &'static str;

    /// Its types of events, with all their versions.
    fn event_types() -> EventTypes<Self::Event>;

    /// Its id as streams are named: see [`StreamName`].
    fn stream_id(id: &Self::Id) -> String;

    /// The id that a stream is named by; `None` if it is none of this kind's.
    fn id_of(stream: &StreamName) -> Option<Self::Id>;

    /// As much of it as `scope` names: what a command gets that asks for no more. The whole, unless told otherwise.
    ///
    /// What happens to a part happens to it as to the whole: as far as the scope goes, and in everything that a rule reads.
    #[must_use]
    fn part(&self, _scope: &Self::Scope) -> Self {
        self.clone()
    }

    /// How many parts it has, about, at least one: by their sum the memory of a [`Grid`](crate::Grid) is bounded.
    fn size(&self) -> usize {
        1
    }

    /// Takes in what happened, where events are taken in the order in which they became effective and not in that in
    /// which they were recorded: see [`Repository::as_of`]. A correction counts from the instant that it is about.
    fn evolve_effective(&mut self, event: &Self::Event) {
        self.evolve(event);
    }

    /// From when on an event counts, in microseconds since the Unix epoch, if not from when it is recorded on.
    fn effective_at(_event: &Self::Event) -> Option<i64> {
        None
    }
}

/// What a stream's state was folded from.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded<A> {
    /// The state.
    pub state: A,
    /// The version of the last event in it.
    pub version: u64,
    /// How many events came after the snapshot, or after what was known of it.
    pub tail: u64,
}

/// Why a stream is not the past of an aggregate, or could not become it.
#[derive(Debug, thiserror::Error)]
#[error("the stream `{stream}`")]
pub struct StreamError {
    /// The stream.
    pub stream: StreamName,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl From<StreamError> for database::Error {
    fn from(error: StreamError) -> Self {
        Self::Layer { doing: "keeping an aggregate in the ledger", source: Arc::new(error) }
    }
}

/// The aggregates of one kind, each the sum of its stream; clones share what they know.
///
/// Their events say where they come from: whatever the transaction's [cause](journal::because) is. Where that is
/// about something, the [journal] tells of each event by its id, which is what a reaction elsewhere names as its cause; so its
/// [table](journal::SCHEMA) is in the database of the ledger.
pub struct Repository<A: EventSourced> {
    writer: Writer,
    types: Arc<EventTypes<A::Event>>,
    ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
    snapshots: Option<(Policy, Wanted)>,
}

impl<A: EventSourced> Repository<A> {
    /// The aggregates in this ledger. `ids` makes the ids of events, but of those that are the reaction to a message: theirs
    /// follow from its id, so that a reaction repeated makes the same.
    ///
    /// # Errors
    /// The aggregate's name is no category.
    pub fn new(
        ledger: &Ledger,
        ids: impl Fn() -> Uuid + Send + Sync + 'static,
    ) -> Result<Self, crate::InvalidName> {
        Ok(Self {
            writer: ledger.writer(&[A::NAME])?,
            types: Arc::new(A::event_types()),
            ids: Arc::new(ids),
            snapshots: None,
        })
    }

    /// With snapshots, and who takes them: a task that runs beside.
    #[must_use]
    pub fn with_snapshots(self, ledger: &Ledger, policy: Policy) -> (Self, Snapshotter<A>) {
        let wanted = Wanted::default();
        let repository = Self { snapshots: Some((policy, wanted.clone())), ..self };
        let snapshotter = Snapshotter::new(ledger.database().clone(), repository.clone(), wanted);
        (repository, snapshotter)
    }

    /// What tells this program's snapshots from others'.
    #[must_use]
    pub fn fingerprint() -> i64 {
        snapshots::fingerprint(A::STATE_SCHEMA)
    }

    /// The stream of an aggregate.
    ///
    /// # Errors
    /// Its id is none that a stream can be named by.
    pub fn stream(id: &A::Id) -> Result<StreamName, database::Error> {
        let invalid = |source| database::Error::Layer { doing: "naming a stream", source: Arc::new(source) };
        StreamName::new(A::NAME, &A::stream_id(id)).map_err(invalid)
    }

    /// The aggregate at a version, or at its last one before that.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn at_version(
        &self,
        tx: &mut Transaction,
        id: &A::Id,
        version: u64,
    ) -> Result<Versioned<A>, database::Error> {
        let Folded { state, version, .. } = self.fold(tx, &Self::stream(id)?, version).await?;
        Ok(Versioned { state, version })
    }

    /// The aggregate as it was effective, as far as it was known; the version counts the events that were.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn as_of(
        &self,
        tx: &mut Transaction,
        id: &A::Id,
        at: AsOf,
    ) -> Result<Versioned<A>, database::Error> {
        let stream = Self::stream(id)?;
        let (mut versioned, mut after) = (Versioned::<A>::default(), None);
        loop {
            let mut page = read::as_of(tx, &stream, at, after.as_ref(), PAGE).await?;
            for event in &page {
                let event = self.types.read(event).map_err(|source| unreadable(&stream, source))?;
                versioned.state.evolve_effective(&event);
                versioned.version += 1;
            }
            if page.len() < PAGE {
                return Ok(versioned);
            }
            after = page.pop();
        }
    }

    /// The state of a stream at a version, from its snapshot if there is one.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn fold(
        &self,
        tx: &mut Transaction,
        stream: &StreamName,
        up_to: u64,
    ) -> Result<Folded<A>, database::Error> {
        let base = if self.snapshots.is_some() { self.snapshot(tx, stream, up_to).await? } else { None };
        self.catch_up(tx, stream, base.unwrap_or_default(), up_to).await
    }

    /// Brings what is known of a stream up to a version, or up to its last one before that. Whoever keeps states in memory
    /// begins with what it has.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn catch_up(
        &self,
        tx: &mut Transaction,
        stream: &StreamName,
        base: Versioned<A>,
        up_to: u64,
    ) -> Result<Folded<A>, database::Error> {
        let after = base.version;
        let (mut folded, mut failed) = (Folded { state: base.state, version: after, tail: 0 }, None);
        let range = params![stream.as_str(), after, stored(up_to)];
        tx.query(schema::TAIL, range, |row| {
            if failed.is_some() {
                return Ok(());
            }
            let (version, kind, schema_version): (u64, String, u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            match self.types.decode(&kind, schema_version, &row.get::<String>(3)?) {
                Ok(event) => {
                    folded.state.evolve(&event);
                    folded.version = version;
                    folded.tail += 1;
                }
                Err(error) => failed = Some(error),
            }
            Ok(())
        })
        .await?;
        match failed {
            Some(error) => Err(unreadable(stream, error)),
            None => Ok(folded),
        }
    }

    /// What happened to an aggregate after a version, in order.
    ///
    /// # Errors
    /// The database's, and [`database::Error::Layer`] if an event cannot be read.
    pub async fn tail(
        &self,
        tx: &mut Transaction,
        stream: &StreamName,
        after: u64,
    ) -> Result<Vec<A::Event>, database::Error> {
        let range = params![stream.as_str(), stored(after), i64::MAX];
        let read = |row: &database::Row<'_>| {
            let (kind, schema_version): (String, u32) = (row.get(1)?, row.get(2)?);
            Ok(self.types.decode(&kind, schema_version, &row.get::<String>(3)?))
        };
        let events = tx.query(schema::TAIL, range, read).await?;
        events.into_iter().collect::<Result<_, _>>().map_err(|error| unreadable(stream, error))
    }

    /// A recorded event, as one of today.
    ///
    /// # Errors
    /// It is of a type or version that this program does not know, or malformed.
    pub fn read(&self, recorded: &Recorded) -> Result<A::Event, types::Error> {
        self.types.read(recorded)
    }

    /// As [`read`](Self::read), with the error that loading the aggregate would have.
    ///
    /// # Errors
    /// [`database::Error::Layer`] if it cannot be read.
    pub fn read_of(&self, recorded: &Recorded) -> Result<A::Event, database::Error> {
        self.read(recorded).map_err(|error| unreadable(&recorded.stream, error))
    }

    /// The snapshot of a stream. One that cannot be read is as good as none.
    pub(crate) async fn snapshot(
        &self,
        tx: &mut Transaction,
        stream: &StreamName,
        up_to: u64,
    ) -> Result<Option<Versioned<A>>, database::Error> {
        let found = snapshots::find(tx, stream, A::NAME, Self::fingerprint(), up_to).await?;
        Ok(found.and_then(|(version, state)| match serde_json::from_str(&state) {
            Ok(state) => Some(Versioned { state, version }),
            Err(error) => {
                tracing::warn!(%stream, version, "a snapshot is passed over, for it cannot be read: {error}");
                None
            }
        }))
    }

    async fn load_one(&self, tx: &mut Transaction, id: &A::Id) -> Result<Versioned<A>, database::Error> {
        let (begun, stream) = (Instant::now(), Self::stream(id)?);
        let Folded { state, version, tail } = self.fold(tx, &stream, u64::MAX).await?;
        self.after_load(tx, &stream, tail, begun.elapsed());
        Ok(Versioned { state, version })
    }

    /// Has a snapshot taken if a load was slow, or had to fold too much.
    pub(crate) fn after_load(&self, tx: &mut Transaction, stream: &StreamName, tail: u64, took: Duration) {
        if let Some((policy, wanted)) = &self.snapshots
            && policy.calls_for_one(tail, took)
        {
            let (wanted, stream) = (wanted.clone(), stream.clone());
            tx.after_commit(move || wanted.ask(stream));
        }
    }

    /// Has a snapshot taken, if there are any.
    pub(crate) fn ask_for_snapshot(&self, stream: StreamName) {
        if let Some((_, wanted)) = &self.snapshots {
            wanted.ask(stream);
        }
    }

    fn append_of(&self, change: &Change<A>, cause: Option<&Cause>) -> Result<Append, database::Error> {
        let stream = Self::stream(&change.id)?;
        let reaction = cause.filter(|cause| matches!(cause.origin, Origin::Message { .. }));
        let mut events = Vec::with_capacity(change.events.len());
        for (version, of) in (change.expected + 1..).zip(&change.events) {
            let types::Encoded { kind, schema_version, data } =
                self.types.encode(of).map_err(|source| unreadable(&stream, source))?;
            let id = match reaction.and_then(|cause| cause.id) {
                Some(cause) => Uuid::new_v5(&cause, format!("{stream}/{version}").as_bytes()),
                None => (self.ids)(),
            };
            let event = NewEvent::unchecked(id, &kind, schema_version, data);
            let recorded = event.map_err(|source| unreadable(&stream, source))?;
            events.push(match A::effective_at(of) {
                Some(instant) => recorded.effective_at(instant),
                None => recorded,
            });
        }
        Ok(Append { stream, expected: Expected::Version(change.expected), events })
    }
}

/// As application layers see it. That another has appended since is a [conflict](Transaction::conflict), after which the
/// work is run again, as it is in a repository of rows.
impl<A: EventSourced> aggregate::Repository<A> for Repository<A> {
    type Transaction = Transaction;
    type Error = database::Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        _: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, database::Error> {
        let mut loaded = Vec::with_capacity(ids.len());
        for id in ids {
            loaded.push(self.load_one(tx, id).await?);
        }
        Ok(loaded)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), database::Error> {
        let appends: Vec<Append> = changes
            .iter()
            .map(|change| self.append_of(change, journal::cause(tx)))
            .collect::<Result<_, _>>()?;
        for (change, append) in changes.iter().zip(&appends) {
            let ids = append.events.iter().map(|event| Some(event.id));
            journal::note_change(tx, || A::stream_id(&change.id), change, ids);
        }
        let metadata = journal::cause(tx).map(Metadata::because).unwrap_or_default();
        match self.writer.append(tx, &appends, &metadata).await {
            Ok(_) => Ok(()),
            Err(append::Error::Conflict { .. }) => Err(tx.conflict(A::NAME)),
            Err(error) => Err(error.into()),
        }
    }
}

fn unreadable(
    stream: &StreamName,
    source: impl std::error::Error + Send + Sync + 'static,
) -> database::Error {
    StreamError { stream: stream.clone(), source: Box::new(source) }.into()
}

impl<A: EventSourced> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self {
            writer: self.writer.clone(),
            types: Arc::clone(&self.types),
            ids: Arc::clone(&self.ids),
            snapshots: self.snapshots.clone(),
        }
    }
}

impl<A: EventSourced> fmt::Debug for Repository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repository of `{}` in the ledger", A::NAME)
    }
}
