//! Following some lanes of a topic.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use database::{Database, params};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::cursors::Acked;
use super::head::Followed;
use super::store::{self, FETCH};
use super::topic::Topic;
use crate::broker::{Action, Error};
use crate::{Delivery, Envelope, Subscription};

/// A subscription, which goes through the topic by position and leaves out the lanes of others.
pub(super) struct Follower {
    db: Database,
    name: String,
    group: Arc<str>,
    topic: Arc<Topic>,
    /// The first of the lanes, all of which stand beside each other.
    first: u16,
    lanes: Vec<Lane>,
    /// What is behind this position was delivered, or need not be.
    position: u64,
    head: Followed,
}

/// How far a lane has come.
#[derive(Clone, Copy, Debug)]
struct Lane {
    delivered: u64,
    acked: u64,
}

impl Follower {
    /// Goes on from what the group has acknowledged in each of the lanes from `first` on.
    pub(super) fn new(
        db: Database,
        name: &str,
        group: &str,
        topic: Arc<Topic>,
        first: u16,
        acked: &[u64],
    ) -> Self {
        let (head, position) = (topic.head(), acked.iter().copied().min().unwrap_or(u64::MAX));
        let lanes = acked.iter().map(|&acked| Lane { delivered: acked, acked }).collect();
        Self { db, name: name.to_owned(), group: group.into(), topic, first, lanes, position, head }
    }

    async fn receive(&mut self, max: usize, within: Duration) -> Result<Vec<Delivery>, Error> {
        let deadline = Instant::now() + within;
        loop {
            let grown = self.head.beyond(self.position);
            let Ok(head) = tokio::time::timeout_at(deadline, grown).await else { return Ok(Vec::new()) };
            let found = self.fetch(head, max).await?;
            if !found.is_empty() {
                self.topic.delivered(found.len());
                return Ok(found);
            }
        }
    }

    /// The next messages, at most `max`. What is not there up to `head`, another subscription of the group has
    /// acknowledged, or it is of other lanes.
    async fn fetch(&mut self, head: u64, max: usize) -> Result<Vec<Delivery>, Error> {
        let kept = self.topic.tail().after(self.position, &self.lanes(), max);
        let (found, until) = match kept {
            Some(kept) => kept,
            None => self.read(head, max).await.map_err(|error| self.failed(Action::Receive, error))?,
        };
        self.position = until;
        Ok(found.into_iter().filter(|delivery| self.deliver(delivery)).collect())
    }

    /// As [`fetch`](Self::fetch), from the store.
    async fn read(&self, head: u64, max: usize) -> Result<(Vec<Delivery>, u64), database::Error> {
        let (topic, after, lanes) = (self.name.clone(), self.position, self.lanes());
        let read = self.db.read(async move |tx| {
            let page = params![topic, after, u32::from(lanes.start), u32::from(lanes.end), max as u64];
            tx.query(FETCH, page, |row| {
                let (position, lane, body): (u64, u32, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let envelope = Envelope::from_json(&body).unwrap_or_else(|error| {
                    Envelope::unreadable(&format!("{topic}/{lane}/{position}"), &body, &error)
                });
                Ok(Delivery { lane: u16::try_from(lane).unwrap_or(u16::MAX), position, envelope })
            })
            .await
        });
        let found: Vec<Delivery> = read.await?;
        let last = found.last().map_or(0, |delivery| delivery.position);
        let until = if found.len() < max { last.max(head) } else { last };
        Ok((found, until))
    }

    /// Notes that a message is delivered; tells whether it is to be.
    fn deliver(&mut self, delivery: &Delivery) -> bool {
        let at = delivery.lane.checked_sub(self.first).map(usize::from);
        match at.and_then(|at| self.lanes.get_mut(at)) {
            Some(lane) if lane.delivered < delivery.position => {
                lane.delivered = delivery.position;
                true
            }
            _ => false,
        }
    }

    fn lanes(&self) -> Range<u16> {
        self.first..self.first + u16::try_from(self.lanes.len()).unwrap_or(0)
    }

    async fn ack(&mut self, positions: &[(u16, u64)]) -> Result<(), Error> {
        for (lane, position) in positions {
            let at = lane.checked_sub(self.first).map(usize::from);
            if let Some(lane) = at.and_then(|at| self.lanes.get_mut(at)) {
                lane.acked = lane.acked.max(*position);
            }
        }
        let acked = self.acked();
        let (name, group, topic) = (self.name.clone(), Arc::clone(&self.group), Arc::clone(&self.topic));
        self.db
            .write(async move |tx| {
                let dropped = store::ack(tx, &name, &group, &acked).await?;
                let topic = Arc::clone(&topic);
                tx.after_commit(move || topic.dropped(dropped));
                Ok(())
            })
            .await
            .map_err(|error| self.failed(Action::Ack, error))
    }

    /// How far the lanes have come, those together that stand beside each other and are equally far: all of them, when
    /// everything that was delivered is acknowledged.
    fn acked(&self) -> Vec<Acked> {
        let mut acked: Vec<Acked> = Vec::new();
        for (number, lane) in (self.first..).zip(&self.lanes) {
            // Of a lane that waits for nothing, everything is behind this position.
            let position =
                if lane.acked < lane.delivered { lane.acked } else { self.position.max(lane.acked) };
            match acked.last_mut() {
                Some(before) if before.position == position => before.lanes.end = number + 1,
                _ => acked.push(Acked { lanes: number..number + 1, position }),
            }
        }
        acked
    }

    fn failed(&self, action: Action, error: database::Error) -> Error {
        Error { action, topic: self.name.clone(), source: Box::new(error) }
    }
}

impl Subscription for Follower {
    fn receive(&mut self, max: usize, within: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, Error>> {
        Box::pin(self.receive(max.max(1), within))
    }

    fn ack<'a>(&'a mut self, positions: &'a [(u16, u64)]) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(Self::ack(self, positions))
    }

    /// Positions follow each other; of a subscription to some lanes, those of the others count too.
    fn waiting(&self) -> u64 {
        self.head.position().saturating_sub(self.position)
    }
}
