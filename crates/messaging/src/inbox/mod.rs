//! The inbox: each consumer handles each message once, in the order of its key.
//!
//! All of this happens in the consumer's own database, and what is about one message in one transaction: that it is
//! handled, what the handler did, the version its aggregate is at, and the counts that prove nothing is missing.
//!
//! A message that cannot be handled is parked, and with it the later messages of its key; other keys go on. A parked
//! key is tried again after a while, some times; after that it waits for an operator (see
//! [`dead_letters`](crate::dead_letters)). A message is parked before it is acknowledged, so it is in one place or the
//! other.

mod parking;
pub mod store;
mod together;
mod versions;

use std::fmt;
use std::sync::Arc;

use database::{Error, Transaction, params};

pub(crate) use parking::{Due, due, fail_again, park_behind, park_first, sequence, unblock};
pub use store::{SCHEMA, STATEMENTS};
pub(crate) use together::handle_together;

use crate::backoff::Backoff;
use crate::causes::with_causes;
use crate::consumer::{Enriched, Handler, HandlerError};
use crate::envelope::UNREADABLE;
use crate::observe::Fate;
use crate::{Envelope, Tally};
use versions::{Gap, Standing};

/// Who consumes what: the first columns of every table.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) consumer: Arc<str>,
    pub(crate) topic: Arc<str>,
    /// How many messages may be parked.
    pub(crate) max_parked: u64,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Handled,
    /// It was handled or parked before.
    Duplicate,
    /// It waits behind an earlier message of its key, or for its own next attempt.
    Parked,
}

impl Verdict {
    pub(crate) const fn fate(self) -> Fate {
        match self {
            Self::Handled => Fate::Handled,
            Self::Duplicate => Fate::Duplicate,
            Self::Parked => Fate::Parked,
        }
    }
}

/// Why a message could not be handled.
#[derive(Debug)]
pub(crate) enum Failure {
    Handler(HandlerError),
    Gap(Gap),
    /// So much is parked that no more may be.
    NoRoom,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => f.write_str(&with_causes(error)),
            Self::Gap(gap) => gap.fmt(f),
            Self::NoRoom => f.write_str("too many messages are parked"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Handler(error.into())
    }
}

/// What to do about a failure.
#[derive(Debug)]
pub(crate) enum Remedy {
    /// The message is as good as any: wait and try the same again.
    Wait(String),
    /// Park the message and try again later, for so long as it makes sense.
    Retry(String),
    /// Park the message and try again later, without end.
    Await(String),
    /// Park the message for an operator.
    Park(String),
}

impl Failure {
    /// As spans name it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Handler(HandlerError::Unknown) => "unknown_type",
            Self::Handler(HandlerError::Hopeless(_)) => "hopeless",
            Self::Handler(HandlerError::Failed(_)) => "failed",
            Self::Handler(HandlerError::Unavailable(_)) => "unavailable",
            Self::Handler(HandlerError::Database(_)) => "database",
            Self::Gap(_) => "gap",
            Self::NoRoom => "no_room",
        }
    }

    /// What the message has to wait for, if that is all.
    pub(crate) fn waits_for(&self) -> Option<String> {
        match self {
            Self::Handler(HandlerError::Unavailable(what)) => Some(with_causes(&**what)),
            _ => None,
        }
    }

    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::NoRoom => Remedy::Wait("too many messages are parked".to_owned()),
            Self::Gap(gap) => Remedy::Retry(gap.to_string()),
            Self::Handler(error) => Remedy::against(error),
        }
    }
}

impl Remedy {
    /// What to do where a handler has failed.
    pub(crate) fn against(error: &HandlerError) -> Self {
        match error {
            HandlerError::Database(error) if is_of_the_store(error) => Self::Wait(with_causes(error)),
            HandlerError::Unavailable(_) => Self::Await(with_causes(error)),
            HandlerError::Unknown | HandlerError::Hopeless(_) => Self::Park(with_causes(error)),
            HandlerError::Failed(_) | HandlerError::Database(_) => Self::Retry(with_causes(error)),
        }
    }

    /// What to note of a message's failure, and when to try again if at all, after so many failures of at most `attempts`;
    /// `Err` says why nothing is to be noted.
    pub(crate) fn noted(
        self,
        failures: u32,
        attempts: u32,
        backoff: Backoff,
    ) -> Result<(String, Option<Backoff>), String> {
        match self {
            Self::Wait(reason) => Err(reason),
            Self::Retry(error) => Ok((error, Some(backoff).filter(|_| failures < attempts))),
            Self::Await(error) => Ok((error, Some(backoff))),
            Self::Park(error) => Ok((error, None)),
        }
    }
}

/// Whether no message could be handled just then, as opposed to this one.
fn is_of_the_store(error: &Error) -> bool {
    let unwell =
        error.is_full() || error.is_read_only() || error.is_busy() || error.is_corrupt() || error.is_io();
    let ended = matches!(error, Error::Begin(_) | Error::Commit(_) | Error::Closed);
    unwell || ended && error.constraint().is_none()
}

/// Records where a consumer began, if it has not begun before these messages.
pub(crate) async fn begin(tx: &mut Transaction, scope: &Scope, first: &[Envelope]) -> Result<(), Failure> {
    for message in first {
        count(tx, scope, message, Counted::Seen).await?;
    }
    Ok(())
}

/// Handles a message that was delivered, unless it was handled before or has to wait behind another.
pub(crate) async fn handle_delivered<H: Enriched>(
    tx: &mut Transaction,
    scope: &Scope,
    handler: &H,
    message: &Envelope,
    facts: &H::Facts,
) -> Result<Verdict, Failure> {
    if let Some(version) = message.version {
        let standing = versions::standing(tx, scope, message, version).await?;
        return match standing {
            Standing { is_known: true, .. } => Ok(Verdict::Duplicate),
            Standing { is_blocked: true, .. } => parking::park(tx, scope, message).await,
            Standing { at, .. } => handle_from(tx, scope, handler, message, facts, at).await,
        };
    }
    let row = params![&*scope.consumer, &*scope.topic, message.partition_key, message.id, tx.now()];
    if tx.execute(store::HANDLE_UNLESS_BLOCKED, row).await? == 0 {
        // It was handled, or it waits behind another.
        return parking::park(tx, scope, message).await;
    }
    handle_from(tx, scope, handler, message, facts, None).await
}

/// Handles a message that was parked, unless another replica has done so or it was discarded.
pub(crate) async fn handle_parked<H: Enriched>(
    tx: &mut Transaction,
    scope: &Scope,
    handler: &H,
    message: &Envelope,
    facts: &H::Facts,
) -> Result<Verdict, Failure> {
    let id = params![&*scope.consumer, &*scope.topic, message.id];
    if tx.execute(store::UNPARK, id).await? == 0 {
        return Ok(Verdict::Duplicate);
    }
    handle(tx, scope, handler, message, facts).await
}

/// Handles, once, a message that was handed over in another way than by a broker: posted by a
/// [web hook](crate::webhook), say. Whoever hands it over keeps it until the transaction is committed and tries again
/// when that fails, so nothing is parked. Tells whether it was handled now, or before.
///
/// # Errors
/// The handler's, and [`HandlerError::Failed`] while an earlier message about the same aggregate is missing.
pub async fn accept(
    tx: &mut Transaction,
    consumer: &str,
    topic: &str,
    handler: &impl Handler,
    message: &Envelope,
) -> Result<Fate, HandlerError> {
    let scope = Scope { consumer: consumer.into(), topic: topic.into(), max_parked: 0 };
    match handle(tx, &scope, handler, message, &()).await {
        Ok(verdict) => Ok(verdict.fate()),
        Err(Failure::Handler(error)) => Err(error),
        Err(Failure::Gap(gap)) => Err(HandlerError::Failed(gap.to_string().into())),
        Err(Failure::NoRoom) => Err(HandlerError::Failed("too many messages are parked".into())),
    }
}

async fn handle<H: Enriched>(
    tx: &mut Transaction,
    scope: &Scope,
    handler: &H,
    message: &Envelope,
    facts: &H::Facts,
) -> Result<Verdict, Failure> {
    if let Some(version) = message.version {
        let standing = versions::standing(tx, scope, message, version).await?;
        if standing.is_known {
            return Ok(Verdict::Duplicate);
        }
        return handle_from(tx, scope, handler, message, facts, standing.at).await;
    }
    if remember(tx, scope, message).await? {
        handle_from(tx, scope, handler, message, facts, None).await
    } else {
        Ok(Verdict::Duplicate)
    }
}

/// Remembers a message by its id; tells whether it was not known by it.
pub(crate) async fn remember(tx: &mut Transaction, scope: &Scope, message: &Envelope) -> Result<bool, Error> {
    let row = params![&*scope.consumer, &*scope.topic, message.partition_key, message.id, tx.now()];
    Ok(tx.execute(store::HANDLE, row).await? > 0)
}

/// Handles a message that was not handled before, whose aggregate was last handled `at` a version.
async fn handle_from<H: Enriched>(
    tx: &mut Transaction,
    scope: &Scope,
    handler: &H,
    message: &Envelope,
    facts: &H::Facts,
    at: Option<u64>,
) -> Result<Verdict, Failure> {
    if message.kind == UNREADABLE {
        return Err(Failure::Handler(HandlerError::Unknown));
    }
    if let Some(gap) = versions::gap(tx, scope, message, at).await? {
        return Err(Failure::Gap(gap));
    }
    versions::advance(tx, scope, message).await?;
    journal::because(tx, &message.into());
    handler.handle(tx, message, facts).await.map_err(Failure::Handler)?;
    count(tx, scope, message, Counted::Handled).await?;
    Ok(Verdict::Handled)
}

/// As what a message counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Seen,
    Handled,
    Discarded,
}

/// Counts a message, if its producer does.
pub(crate) async fn count(
    tx: &mut Transaction,
    scope: &Scope,
    message: &Envelope,
    counted: Counted,
) -> Result<(), Error> {
    let Some(latest) = message.tally else { return Ok(()) };
    let one = Tally::one(message.fingerprint());
    let began = latest.since(one);
    let only = |what| if counted == what { one } else { Tally::default() };
    let of = (&*message.source, message.partition());
    count_in(tx, scope, of, (began, latest), (only(Counted::Handled), only(Counted::Discarded))).await
}

/// Counts messages of a partition, before whose first the producer had counted `began`, and with the last of which `latest`.
async fn count_in(
    tx: &mut Transaction,
    scope: &Scope,
    (source, partition): (&str, u8),
    (began, latest): (Tally, Tally),
    (handled, discarded): (Tally, Tally),
) -> Result<(), Error> {
    let params = params![
        &*scope.consumer,
        &*scope.topic,
        source,
        u32::from(partition),
        began.count,
        began.sum,
        latest.count,
        latest.sum,
        handled.count,
        handled.sum,
        discarded.count,
        discarded.sum
    ];
    tx.execute(store::COUNT, params).await.map(drop)
}

/// When the oldest message that is remembered was handled, in microseconds since the Unix epoch.
///
/// # Errors
/// Those of a statement.
pub async fn oldest(tx: &mut Transaction) -> Result<Option<i64>, Error> {
    tx.query_one(store::OLDEST, params![], |row| row.get(0)).await
}

/// Forgets messages that were handled before `before` (microseconds since the Unix epoch), at most `limit` of them.
/// Returns how many there were.
///
/// A message forgotten is handled again if it is delivered again, unless its aggregate's version tells. A week is
/// more than brokers keep a message that was acknowledged, and more than a producer that sends again what it had not
/// marked as sent is down.
///
/// Counts stay, and so do the versions of aggregates: the version that an aggregate is at is what tells a gap, and
/// nothing else says that the next message about it follows what was handled, however late it comes. There is one such
/// row for each aggregate that a consumer hears of by messages with versions, so long as there is the aggregate.
///
/// # Errors
/// Those of a statement.
pub async fn forget(tx: &mut Transaction, before: i64, limit: u64) -> Result<u64, Error> {
    tx.execute(store::FORGET, params![before, limit]).await
}
