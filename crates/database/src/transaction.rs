//! A transaction's statements.

use std::any::Any;
use std::fmt;
use std::pin::Pin;

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::{Error, Row, Statement, ToParam, Value};

/// What a transaction's closure may do with the store.
///
/// After a statement's error every further statement fails, and the work is rolled back whatever the
/// closure returns.
pub struct Transaction {
    backend: Backend,
    now: i64,
    owner: &'static str,
    failed: Option<Failure>,
    annotations: Vec<Box<dyn Any + Send>>,
    before_commit: Vec<BeforeCommit>,
    conflicted: bool,
    after_commit: Vec<Hook>,
    fenced: bool,
    touched: Touched,
    #[cfg(feature = "statements")]
    runs: crate::runs::Runs,
}

/// How many rows statements have read and changed; one that found none counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) read: u64,
    pub(crate) changed: u64,
}

/// What runs at the end of a transaction's closure: see [`Transaction::before_commit`].
pub type BeforeCommit =
    for<'a> fn(&'a mut Transaction) -> Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

/// A statement's error, after which the transaction cannot go on.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) statement: &'static str,
    pub(crate) error: Error,
}

/// What runs after a commit.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

enum Backend {
    Sqlite(Connection),
}

impl Transaction {
    /// The time of this transaction in microseconds since the Unix epoch: one instant however long it takes,
    /// never before that of a transaction committed earlier.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Whose work this is, where several share a store: see [`Database::owned_by`](crate::Database::owned_by). Nobody's in
    /// particular, if empty.
    #[must_use]
    pub fn owner(&self) -> &'static str {
        self.owner
    }

    /// Runs a statement and tells how many rows it changed.
    ///
    /// # Errors
    ///
    /// If the statement fails or the parameters do not fit it; see [`Error::constraint`].
    pub async fn execute(&mut self, statement: Statement, params: &[&dyn ToParam]) -> Result<u64, Error> {
        self.run(statement, |connection, touched| execute(connection, &statement, params, touched))
    }

    /// Runs a statement and reads every row it returns.
    ///
    /// # Errors
    ///
    /// If the statement fails, the parameters do not fit it, or `read` fails.
    pub async fn query<T>(
        &mut self,
        statement: Statement,
        params: &[&dyn ToParam],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.run(statement, |connection, touched| {
            fetch(connection, &statement, params, read, usize::MAX, touched)
        })
    }

    /// Runs a statement that returns at most one row.
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query), and [`Error::RowCount`] if there are more.
    pub async fn query_opt<T>(
        &mut self,
        statement: Statement,
        params: &[&dyn ToParam],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.run(statement, |connection, touched| {
            at_most_one(connection, &statement, params, read, "at most one row", touched)
        })
    }

    /// Runs a statement that returns one row.
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query), and [`Error::RowCount`] if there is none or more.
    pub async fn query_one<T>(
        &mut self,
        statement: Statement,
        params: &[&dyn ToParam],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run(statement, |connection, touched| {
            let expected = "one row";
            at_most_one(connection, &statement, params, read, expected, touched)?.ok_or(Error::RowCount {
                statement: statement.name(),
                expected,
                found: "none",
            })
        })
    }

    /// The error of a work that finds a `what` at another version than the one that it decided on: somebody else has
    /// changed it meanwhile. A work that fails after this, with whatever error it makes of it, is run again: see
    /// [`Database::write`](crate::Database::write).
    #[must_use]
    pub fn conflict(&mut self, what: &'static str) -> Error {
        self.conflicted = true;
        Error::Conflict { what }
    }

    /// Has `hook` run once this work is durable, before its caller gets the answer; never if it is not.
    ///
    /// It runs on the writer's thread, where everybody waits for it: it should wake others, no more.
    pub fn after_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(hook));
    }

    /// Has `note` add to what is noted of this transaction as a `T`, which is the default to begin with.
    ///
    /// By this, layers that know nothing of each other tell what they do: whoever begins says why, those below add to
    /// it, and a [`before_commit`](Self::before_commit) makes something of the whole. It ends with the run of the
    /// closure: a closure that runs again, and the next transaction, find nothing.
    pub fn annotate<T: Default + Send + 'static, R>(&mut self, note: impl FnOnce(&mut T) -> R) -> R {
        if let Some(known) = self.annotations.iter_mut().find_map(|it| it.downcast_mut()) {
            return note(known);
        }
        let mut first = T::default();
        let noted = note(&mut first);
        self.annotations.push(Box::new(first));
        noted
    }

    /// What was noted as a `T`; `None` if nothing was.
    #[must_use]
    pub fn annotated<T: 'static>(&self) -> Option<&T> {
        self.annotations.iter().find_map(|it| it.downcast_ref())
    }

    /// Has `hook` run once the closure has returned `Ok`, as the last of it: what it writes is committed with the
    /// rest, and its error is the closure's. Hooks run in the order in which they were given; those that are given
    /// by a hook do not run.
    pub fn before_commit(&mut self, hook: BeforeCommit) {
        self.before_commit.push(hook);
    }

    /// Runs one statement, unless an earlier one has failed.
    fn run<T>(
        &mut self,
        statement: Statement,
        work: impl FnOnce(&Connection, &mut Touched) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(failure) = &self.failed {
            return Err(Error::Poisoned { statement: failure.statement });
        }
        let Backend::Sqlite(connection) = &self.backend;
        #[cfg(feature = "statements")]
        let (begun, before) = (tokio::time::Instant::now(), self.touched.rows());
        let done = work(connection, &mut self.touched);
        #[cfg(feature = "statements")]
        self.runs.count(statement.name(), self.touched.rows() - before, begun.elapsed());
        done.inspect_err(|error| {
            self.failed = Some(Failure { statement: statement.name(), error: error.clone() });
        })
    }
}

/// What the writer and the readers do with it.
impl Transaction {
    pub(crate) fn sqlite(connection: Connection) -> Self {
        Self {
            #[cfg(feature = "statements")]
            runs: crate::runs::Runs::of(&connection),
            backend: Backend::Sqlite(connection),
            now: 0,
            owner: "",
            failed: None,
            conflicted: false,
            annotations: Vec::new(),
            before_commit: Vec::new(),
            after_commit: Vec::new(),
            fenced: false,
            touched: Touched::default(),
        }
    }

    /// Forgets the work before and starts the next one.
    pub(crate) fn restart(&mut self, now: i64) {
        self.now = now;
        self.failed = None;
        self.annotations.clear();
        self.before_commit.clear();
        self.conflicted = false;
        self.after_commit.clear();
        self.fenced = false;
    }

    /// What works have touched since this was asked last, those included that were run again or rolled back.
    pub(crate) fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    /// Says whose work this is.
    pub(crate) fn own(&mut self, owner: &'static str) {
        self.owner = owner;
    }

    /// Notes that its lease was lost.
    pub(crate) fn fence(&mut self) {
        self.fenced = true;
    }

    /// Whether its lease was lost.
    pub(crate) fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// Runs what is to be run at the end of the closure.
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        for hook in std::mem::take(&mut self.before_commit) {
            hook(self).await?;
        }
        Ok(())
    }

    /// As [`execute`](Self::execute), at once and between works.
    pub(crate) fn execute_now(&self, statement: Statement, params: &[&dyn ToParam]) -> Result<u64, Error> {
        execute(self.connection(), &statement, params, &mut Touched::default())
    }

    /// As [`query`](Self::query), at once and between works.
    pub(crate) fn query_now<T>(
        &self,
        statement: Statement,
        params: &[&dyn ToParam],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        fetch(self.connection(), &statement, params, read, usize::MAX, &mut Touched::default())
    }

    pub(crate) fn failed(&self) -> Option<&Failure> {
        self.failed.as_ref()
    }

    pub(crate) fn conflicted(&self) -> bool {
        self.conflicted
    }

    pub(crate) fn take_hooks(&mut self) -> Vec<Hook> {
        std::mem::take(&mut self.after_commit)
    }

    pub(crate) fn connection(&self) -> &Connection {
        let Backend::Sqlite(connection) = &self.backend;
        connection
    }
}

impl Touched {
    fn count(&mut self, only_reads: bool, rows: u64) {
        let count = if only_reads { &mut self.read } else { &mut self.changed };
        *count += rows.max(1);
    }

    #[cfg(feature = "statements")]
    fn rows(self) -> u64 {
        self.read + self.changed
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("now", &self.now)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

fn prepare<'c>(
    connection: &'c Connection,
    statement: &Statement,
    params: &[&dyn ToParam],
) -> Result<rusqlite::CachedStatement<'c>, Error> {
    if params.len() != statement.parameters() {
        return Err(Error::Parameters {
            statement: statement.name(),
            expected: statement.parameters(),
            given: params.len(),
        });
    }
    let mut prepared = connection.prepare_cached(statement.sqlite()).map_err(failure(statement))?;
    for (number, param) in (1..).zip(params) {
        let value = match param.to_param()? {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(integer),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        prepared.raw_bind_parameter(number, ToSqlOutput::Borrowed(value)).map_err(failure(statement))?;
    }
    Ok(prepared)
}

fn execute(
    connection: &Connection,
    statement: &Statement,
    params: &[&dyn ToParam],
    touched: &mut Touched,
) -> Result<u64, Error> {
    let mut prepared = prepare(connection, statement, params)?;
    let rows = prepared.raw_execute().map_err(failure(statement))? as u64;
    touched.count(prepared.readonly(), rows);
    Ok(rows)
}

fn fetch<T>(
    connection: &Connection,
    statement: &Statement,
    params: &[&dyn ToParam],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    limit: usize,
    touched: &mut Touched,
) -> Result<Vec<T>, Error> {
    let mut prepared = prepare(connection, statement, params)?;
    let only_reads = prepared.readonly();
    let mut rows = prepared.raw_query();
    let mut out = Vec::new();
    while out.len() < limit {
        let Some(row) = rows.next().map_err(failure(statement))? else { break };
        out.push(read(&Row::sqlite(row, statement))?);
    }
    touched.count(only_reads, out.len() as u64);
    Ok(out)
}

fn at_most_one<T>(
    connection: &Connection,
    statement: &Statement,
    params: &[&dyn ToParam],
    read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    expected: &'static str,
    touched: &mut Touched,
) -> Result<Option<T>, Error> {
    let mut rows = fetch(connection, statement, params, read, 2, touched)?;
    match rows.len() {
        0 | 1 => Ok(rows.pop()),
        _ => Err(Error::RowCount { statement: statement.name(), expected, found: "more" }),
    }
}

fn failure(statement: &Statement) -> impl Fn(rusqlite::Error) -> Error {
    let statement = statement.name();
    move |error| Error::Statement { statement, source: error.into() }
}
