//! Sharing segments among the instances of a subscription.
//!
//! Each instance says regularly that it is there, and counts who is. Its share is the segments divided by the instances,
//! rounded up: of what it holds beyond that it lets go, and what is free it takes up to that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use database::leases::{self, Token};
use database::{Database, Transaction, params};
use partition::PARTITIONS;

use super::segment::{Segment, advance};
use super::{Error, Options, store};
use crate::read::stored;

/// The instances that are one subscription; this is one of them.
#[derive(Clone, Debug)]
pub(super) struct Group {
    name: Arc<str>,
    instance: Arc<str>,
    segments: u16,
    start: u64,
    lease: Duration,
}

/// What an instance has of a segment when it looks after its share.
#[derive(Clone, Debug)]
struct Holding {
    number: u16,
    token: Token,
    stored: u64,
    position: u64,
}

/// What became of its segments.
struct Balanced {
    /// Those that it held before and still holds.
    kept: Vec<u16>,
    /// Those that it holds from now on, and where they are.
    taken: Vec<(u16, Token, u64)>,
}

/// Why a subscription has no share.
enum Failed {
    /// It began with so many segments.
    Segments(u16),
    Store(database::Error),
}

impl From<database::Error> for Failed {
    fn from(error: database::Error) -> Self {
        Self::Store(error)
    }
}

fn holdings(held: &BTreeMap<u16, Segment>) -> Vec<Holding> {
    let holding = |(&number, segment): (&u16, &Segment)| {
        let Segment { token, stored, position, .. } = segment;
        Holding { number, token: token.clone(), stored: *stored, position: *position }
    };
    held.iter().map(holding).collect()
}

impl Group {
    pub(super) fn new(name: &str, options: &Options) -> Self {
        Self {
            name: name.into(),
            instance: options.instance.as_str().into(),
            segments: options.segments,
            start: options.start,
            lease: options.lease,
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn segments(&self) -> u16 {
        self.segments
    }

    pub(super) fn role(&self, number: u16) -> String {
        format!("subscription/{}/{number}", self.name)
    }

    /// Renews what is held, writes down how far each is, and sees to it that this instance has its share. What is held
    /// is as it was if that fails, or if it is dropped.
    pub(super) async fn balance(
        &self,
        db: &Database,
        held: &mut BTreeMap<u16, Segment>,
    ) -> Result<(), Error> {
        if self.segments == 0 || self.segments > PARTITIONS {
            return Err(self.other_segments(self.segments));
        }
        let (group, holdings) = (self.clone(), holdings(held));
        let balanced = db.write(async move |tx: &mut Transaction| group.share(tx, &holdings).await).await;
        let balanced = balanced.map_err(|failed| match failed {
            Failed::Segments(recorded) => self.other_segments(recorded),
            Failed::Store(source) => self.store_error(source),
        })?;
        held.retain(|number, segment| {
            segment.stored = segment.position;
            balanced.kept.contains(number)
        });
        for (number, token, position) in balanced.taken {
            tracing::debug!(segment = number, position, "`{}` follows another segment", self.name);
            held.insert(number, Segment::new(token, position));
        }
        Ok(())
    }

    /// Writes down how far each segment is and gives it up.
    pub(super) async fn leave(&self, db: &Database, held: BTreeMap<u16, Segment>) -> Result<(), Error> {
        let (group, holdings) = (self.clone(), holdings(&held));
        db.write(async move |tx: &mut Transaction| {
            for holding in &holdings {
                if group.still_holds(tx, holding).await? {
                    leases::release(tx, &holding.token).await?;
                }
            }
            tx.execute(store::LEAVE, params![&*group.name, &*group.instance]).await?;
            Ok(())
        })
        .await
        .map_err(|source| self.store_error(source))
    }

    async fn share(&self, tx: &mut Transaction, holdings: &[Holding]) -> Result<Balanced, Failed> {
        let others = self.announce(tx).await?;
        if holdings.is_empty() {
            self.begin(tx).await?;
        }
        let share = usize::from(self.segments).div_ceil(others + 1);
        let mut kept = Vec::new();
        for holding in holdings {
            if !self.still_holds(tx, holding).await? {
                continue;
            }
            if kept.len() < share {
                leases::renew(tx, &holding.token, self.lease).await?;
                kept.push(holding.number);
            } else {
                leases::release(tx, &holding.token).await?;
            }
        }
        let mut taken = Vec::new();
        for number in 0..self.segments {
            if kept.len() + taken.len() >= share {
                break;
            }
            let before = holdings.iter().any(|holding| holding.number == number);
            if !before
                && let Some(token) =
                    leases::acquire(tx, &self.role(number), &self.instance, self.lease).await?
            {
                let place = params![&*self.name, u32::from(number)];
                taken.push((number, token, tx.query_one(store::CHECKPOINT, place, |row| row.get(0)).await?));
            }
        }
        Ok(Balanced { kept, taken })
    }

    /// Says that this instance is there, and tells how many others are.
    async fn announce(&self, tx: &mut Transaction) -> Result<usize, database::Error> {
        let now = tx.now();
        let until = now.saturating_add(i64::try_from(self.lease.as_micros()).unwrap_or(i64::MAX));
        tx.execute(store::FORGET_MEMBERS, params![&*self.name, now]).await?;
        tx.execute(store::ANNOUNCE, params![&*self.name, &*self.instance, until]).await?;
        let others: u64 =
            tx.query_one(store::OTHERS, params![&*self.name, &*self.instance], |row| row.get(0)).await?;
        Ok(usize::try_from(others).unwrap_or(usize::MAX - 1))
    }

    /// Makes the checkpoints, unless they are there.
    async fn begin(&self, tx: &mut Transaction) -> Result<(), Failed> {
        let recorded: Option<u32> =
            tx.query_opt(store::SEGMENTS, params![&*self.name], |row| row.get(0)).await?;
        match recorded {
            Some(recorded) if recorded == u32::from(self.segments) => Ok(()),
            Some(recorded) => Err(Failed::Segments(u16::try_from(recorded).unwrap_or(u16::MAX))),
            None => {
                for number in 0..self.segments {
                    let (segment, segments) = (u32::from(number), u32::from(self.segments));
                    let row = params![&*self.name, segment, segments, stored(self.start), tx.now()];
                    tx.execute(store::BEGIN, row).await?;
                }
                Ok(())
            }
        }
    }

    /// Whether nobody has taken it; if so, its place is written down.
    async fn still_holds(&self, tx: &mut Transaction, holding: &Holding) -> Result<bool, database::Error> {
        match leases::check(tx, &holding.token).await {
            Err(database::Error::LeaseLost { .. }) => return Ok(false),
            checked => checked?,
        }
        if holding.position > holding.stored {
            match advance(tx, self, holding.number, holding.stored, holding.position).await {
                Err(database::Error::LeaseLost { .. }) => return Ok(false),
                advanced => advanced?,
            }
        }
        Ok(true)
    }

    fn store_error(&self, source: database::Error) -> Error {
        Error::Store { subscription: self.name.clone(), source }
    }

    fn other_segments(&self, recorded: u16) -> Error {
        Error::Segments { subscription: self.name.clone(), recorded, configured: self.segments }
    }
}
