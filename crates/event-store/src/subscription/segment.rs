//! One segment in the hands of an instance.

use std::sync::Arc;

use database::leases::{self, Token};
use database::{Database, Transaction, params};
use tokio::time::Instant;

use super::balance::Group;
use super::handler::{Handler, HandlerError};
use super::lag::SegmentStatus;
use super::store;
use crate::Recorded;
use crate::read::stored;

/// A segment that this instance holds.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) token: Token,
    /// Up to here everything was handled, or was not for it.
    pub(super) position: u64,
    /// What the checkpoint says; behind the position by no more than what was not for it.
    pub(super) stored: u64,
    /// How many events are to be taken singly, since one among them failed.
    pub(super) careful: usize,
    pub(super) failures: u32,
    pub(super) waits_until: Option<Instant>,
    error: Option<String>,
    /// When the first event was recorded that waits to be handled again.
    oldest: Option<i64>,
}

/// Why events were not handled.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another instance has the segment.
    Lost(database::Error),
    Handler(HandlerError),
}

impl From<database::Error> for Failure {
    fn from(error: database::Error) -> Self {
        match error {
            database::Error::LeaseLost { .. } => Self::Lost(error),
            error => Self::Handler(error.into()),
        }
    }
}

impl Segment {
    pub(super) fn new(token: Token, position: u64) -> Self {
        Self {
            token,
            position,
            stored: position,
            careful: 0,
            failures: 0,
            waits_until: None,
            error: None,
            oldest: None,
        }
    }

    /// Has its events handled and the checkpoint moved up to `scanned`, in one transaction. Tells how many there were, or
    /// gives them back.
    pub(super) fn handle<H: Handler>(
        &self,
        db: &Database,
        group: &Group,
        number: u16,
        handler: &Arc<H>,
        events: Vec<Recorded>,
        scanned: u64,
    ) -> impl Future<Output = Result<usize, (Failure, Arc<[Recorded]>)>> + use<H> {
        let events: Arc<[Recorded]> = events.into();
        let (db, handler, passage) = (db.clone(), Arc::clone(handler), self.passage(group, number, scanned));
        async move {
            let batch = Arc::clone(&events);
            let handled = db.write(async move |tx: &mut Transaction| {
                passage.take(tx).await?;
                handler.handle(tx, &batch).await.map_err(Failure::Handler)
            });
            match handled.await {
                Ok(()) => Ok(events.len()),
                Err(failure) => Err((failure, events)),
            }
        }
    }

    /// Has the one event that failed set aside and the checkpoint moved past it, in one transaction. An error says that it is
    /// where it was.
    pub(super) async fn set_aside<H: Handler>(
        &self,
        db: &Database,
        group: &Group,
        number: u16,
        handler: &Arc<H>,
        (event, failure): (&Recorded, &Arc<HandlerError>),
    ) -> Result<(), Failure> {
        let (handler, passage) = (Arc::clone(handler), self.passage(group, number, event.position));
        let (event, failure) = (event.clone(), Arc::clone(failure));
        let set_aside = db.write(async move |tx: &mut Transaction| {
            passage.take(tx).await?;
            handler.set_aside(tx, &event, &failure).await.map_err(Failure::Handler)
        });
        set_aside.await
    }

    fn passage(&self, group: &Group, number: u16, to: u64) -> Passage {
        Passage { token: self.token.clone(), group: group.clone(), number, from: self.stored, to }
    }

    pub(super) fn succeeded(&mut self, count: usize, scanned: u64) {
        (self.position, self.stored) = (scanned, scanned);
        self.careful = self.careful.saturating_sub(count);
        (self.failures, self.waits_until, self.error, self.oldest) = (0, None, None, None);
    }

    pub(super) fn failed(&mut self, error: String, waits_until: Instant, events: &[Recorded]) {
        self.failures = self.failures.saturating_add(1);
        self.careful = self.careful.max(events.len());
        self.waits_until = Some(waits_until);
        self.error = Some(error);
        self.oldest = events.first().map(|event| event.recorded_at);
    }

    pub(super) fn status(&self, segment: u16) -> SegmentStatus {
        SegmentStatus {
            segment,
            position: self.position,
            failures: self.failures,
            error: self.error.clone(),
            waiting_since: self.oldest,
        }
    }
}

/// What moves a checkpoint in the transaction of what it passes, unless the segment has been lost.
struct Passage {
    token: Token,
    group: Group,
    number: u16,
    from: u64,
    to: u64,
}

impl Passage {
    async fn take(&self, tx: &mut Transaction) -> Result<(), database::Error> {
        leases::check(tx, &self.token).await?;
        advance(tx, &self.group, self.number, self.from, self.to).await
    }
}

/// Moves a checkpoint that nobody else has moved.
pub(super) async fn advance(
    tx: &mut Transaction,
    group: &Group,
    number: u16,
    from: u64,
    to: u64,
) -> Result<(), database::Error> {
    let row = params![&**group.name(), u32::from(number), stored(from), stored(to), tx.now()];
    match tx.execute(store::ADVANCE, row).await? {
        // A lease that was lost and taken back since tells as little of the place as one that is still lost.
        0 => Err(database::Error::LeaseLost { role: group.role(number), token: 0 }),
        _ => Ok(()),
    }
}
