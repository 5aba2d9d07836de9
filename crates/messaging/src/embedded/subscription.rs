//! Following some lanes of a topic.

use std::sync::Arc;
use std::time::Duration;

use database::{Database, params};
use futures_util::future::{BoxFuture, select_all};
use tokio::sync::watch;
use tokio::time::Instant;

use super::store::{self, Backlog, FETCH};
use super::topic::Topic;
use crate::broker::{Action, Error};
use crate::{Delivery, Envelope, Subscription};

pub(super) struct Follower {
    pub(super) db: Database,
    pub(super) name: String,
    pub(super) group: Arc<str>,
    pub(super) topic: Arc<Topic>,
    pub(super) lanes: Vec<Lane>,
}

pub(super) struct Lane {
    pub(super) number: u16,
    /// The last position delivered.
    pub(super) position: u64,
    pub(super) head: watch::Receiver<u64>,
}

/// What is to be read of a lane, and what was.
struct Page {
    lane: u16,
    after: u64,
    head: u64,
    rows: Vec<(u64, String)>,
}

impl Lane {
    fn is_behind(&self) -> bool {
        *self.head.borrow() > self.position
    }

    fn page(&self) -> Page {
        Page { lane: self.number, after: self.position, head: *self.head.borrow(), rows: Vec::new() }
    }
}

impl Follower {
    async fn receive(&mut self, max: usize, within: Duration) -> Result<Vec<Delivery>, Error> {
        let deadline = Instant::now() + within;
        loop {
            while self.lanes.iter().any(Lane::is_behind) {
                let found = self.fetch(max).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            let heads = self.lanes.iter_mut().map(|lane| Box::pin(lane.head.changed()));
            if tokio::time::timeout_at(deadline, select_all(heads)).await.is_err() {
                return Ok(Vec::new());
            }
        }
    }

    /// What lanes that are behind hold now, at most `max` messages.
    async fn fetch(&mut self, max: usize) -> Result<Vec<Delivery>, Error> {
        // Another lane is the first every time, so that none is left out for long.
        self.lanes.rotate_left(1);
        let behind = self.lanes.iter().filter(|lane| lane.is_behind()).take(max);
        let pages: Vec<Page> = behind.map(Lane::page).collect();
        let pages = self.read(pages, max).await.map_err(|error| self.failed(Action::Receive, error))?;
        let found: Vec<Delivery> = pages.into_iter().flat_map(|page| self.take(page)).collect();
        self.topic.delivered(found.len());
        Ok(found)
    }

    async fn read(&self, pages: Vec<Page>, max: usize) -> Result<Vec<Page>, database::Error> {
        let topic = self.name.clone();
        let each = (max / pages.len().max(1)) as u64;
        self.db
            .read(async move |tx| {
                let mut read = Vec::with_capacity(pages.len());
                for &Page { lane, after, head, .. } in &pages {
                    let params = params![topic, u32::from(lane), after, each];
                    let rows = tx.query(FETCH, params, |row| Ok((row.get(0)?, row.get(1)?))).await?;
                    read.push(Page { lane, after, head, rows });
                }
                Ok(read)
            })
            .await
    }

    /// Moves a lane behind what was read of it.
    fn take(&mut self, page: Page) -> Vec<Delivery> {
        let Page { lane: number, head, rows, .. } = page;
        if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.number == number) {
            // Nothing up to the head means that another subscription of the group has acknowledged it.
            lane.position = rows.last().map_or(head, |(position, _)| *position);
        }
        let deliver = |(position, json): (u64, String)| {
            let envelope = Envelope::from_json(&json).unwrap_or_else(|error| {
                Envelope::unreadable(&format!("{}/{number}/{position}", self.name), &json, &error)
            });
            Delivery { lane: number, position, envelope }
        };
        rows.into_iter().map(deliver).collect()
    }

    async fn ack(&self, positions: &[(u16, u64)]) -> Result<(), Error> {
        let positions = positions.to_vec();
        let (name, group, topic) = (self.name.clone(), Arc::clone(&self.group), Arc::clone(&self.topic));
        self.db
            .write(async move |tx| {
                let mut dropped = Backlog::default();
                for (lane, position) in &positions {
                    store::ack(tx, &name, *lane, &group, *position, &mut dropped).await?;
                }
                let topic = Arc::clone(&topic);
                tx.after_commit(move || topic.dropped(dropped));
                Ok(())
            })
            .await
            .map_err(|error| self.failed(Action::Ack, error))
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
}
