//! The background part that forgets.

use std::{sync::Arc, time::Duration};

use database::{
    Database, Error, Transaction,
    leases::{self, Token},
};
use prometheus::{
    IntCounterVec,
    core::{AtomicF64, GenericGaugeVec},
};
use tokio::time::Instant;

use super::Kept;
use crate::{
    backlog::age,
    ids::Random,
    metrics::{self, Metrics},
    problem::chain,
    shutdown::Drain,
};

/// The role in which one of several replicas forgets.
const ROLE: &str = "retention";

/// About how many rows a transaction forgets, of all kinds together: a millisecond's work, for which the commands that
/// share its commit wait.
const BATCH: u64 = 256;

/// A look at nothing costs a read of the end of each index, so there is no need to look often, nor of being told of a
/// longer pause than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// What one step of a cleaner did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many rows are forgotten, and there may be more; none if something keeps what is due.
    Forgot(u64),
    /// Nothing is old enough.
    Nothing,
    /// Another replica forgets.
    NotMine,
}

/// Forgets what is kept no longer, a little at a time. Its database needs [`leases::SCHEMA`] too.
#[derive(Clone, Debug)]
pub struct Cleaner {
    database: Database,
    holder: String,
    kept: Arc<[Kept]>,
    random: Random,
    token: Option<Token>,
    figures: Option<Figures>,
}

/// What metrics show.
#[derive(Clone, Debug)]
struct Figures {
    forgotten: IntCounterVec,
    oldest: GenericGaugeVec<AtomicF64>,
}

impl Cleaner {
    /// `holder` names this run of this replica among those that share the database; `random` has replicas and databases
    /// look at different times.
    #[must_use]
    pub fn new(database: Database, holder: impl Into<String>, kept: Vec<Kept>, random: Random) -> Self {
        let holder = holder.into();
        Self { database, holder, kept: kept.into(), random, token: None, figures: None }
    }

    /// The same, showing `forgotten_total` and `kept_oldest_seconds`, by what it is.
    ///
    /// # Errors
    /// The App shows them already.
    pub fn counting(self, metrics: &Metrics) -> Result<Self, metrics::Error> {
        let help = "Rows that were kept for as long as they are of use, and are forgotten now.";
        let forgotten = metrics.counter("forgotten_total", help, &["what"])?;
        let help = "How long the oldest row that will be forgotten has been kept; of the journal, how old the oldest order in it is.";
        let oldest = metrics.float_gauge("kept_oldest_seconds", help, &["what"])?;
        for kept in &*self.kept {
            // Shown from the start, so that the first that is forgotten is an increase.
            forgotten.with_label_values(&[kept.what()]);
            oldest.with_label_values(&[kept.what()]);
        }
        Ok(Self { figures: Some(Figures { forgotten, oldest }), ..self })
    }

    /// Forgets what is due, now and then until `drain`.
    pub async fn run(mut self, drain: Drain) {
        let mut pause = self.random_pause(Duration::ZERO);
        while drain.sleep(pause).await {
            let begun = Instant::now();
            pause = match self.clean_once().await {
                // So that whatever there is to forget takes at most half of the writer's time.
                Ok(Outcome::Forgot(1..)) => begun.elapsed().max(Duration::from_millis(1)),
                Ok(_) => self.random_pause(self.pause() / 2),
                Err(error) => {
                    tracing::warn!(reason = chain(&error), "cannot forget what is kept no longer");
                    self.random_pause(self.pause() / 2)
                }
            };
        }
        self.give_back().await;
    }

    /// Forgets one batch, if something is due and no other replica forgets.
    ///
    /// # Errors
    /// The database's; nothing is forgotten then.
    pub async fn clean_once(&mut self) -> Result<Outcome, Error> {
        let due = self.look().await?;
        if due.is_empty() {
            return Ok(Outcome::Nothing);
        }
        let (holder, lease, kinds) = (self.holder.clone(), 2 * self.pause(), due.clone());
        let forget = async move |tx: &mut Transaction| {
            // Acquiring in the very transaction that forgets is the fence.
            let Some(token) = leases::acquire(tx, ROLE, &holder, lease).await? else { return Ok(None) };
            let share = BATCH.div_ceil(kinds.len() as u64);
            let mut counts = Vec::with_capacity(kinds.len());
            for kept in &kinds {
                counts.push(kept.forget(tx, share).await?);
            }
            Ok::<_, Error>(Some((token, counts)))
        };
        let Some((token, counts)) = self.database.write(forget).await? else {
            self.token = None;
            return Ok(Outcome::NotMine);
        };
        self.token = Some(token);
        if let Some(figures) = &self.figures {
            for (kept, count) in due.iter().zip(&counts) {
                figures.forgotten.with_label_values(&[kept.what()]).inc_by(*count);
            }
        }
        Ok(Outcome::Forgot(counts.iter().sum()))
    }

    /// What has rows that are kept no longer.
    async fn look(&self) -> Result<Vec<Kept>, Error> {
        let kinds = Arc::clone(&self.kept);
        let oldest = async move |tx: &mut Transaction| {
            let mut oldest = Vec::with_capacity(kinds.len());
            for kept in &*kinds {
                oldest.push(kept.oldest(tx).await?);
            }
            Ok::<_, Error>((tx.now(), oldest))
        };
        let (now, oldest) = self.database.read(oldest).await?;
        let kept = || self.kept.iter().zip(&oldest);
        if let Some(figures) = &self.figures {
            for (kept, oldest) in kept() {
                figures.oldest.with_label_values(&[kept.what()]).set(age(now, *oldest));
            }
        }
        let due = kept().filter(|(kept, oldest)| oldest.is_some_and(|oldest| oldest < kept.before(now)));
        Ok(due.map(|(kept, _)| kept.clone()).collect())
    }

    /// A tenth of the shortest retention: by so much longer rows may stay.
    fn pause(&self) -> Duration {
        let shortest = self.kept.iter().map(Kept::keep).min().unwrap_or(LONGEST_PAUSE);
        (shortest / 10).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    /// Between `least` and a pause.
    fn random_pause(&self, least: Duration) -> Duration {
        least + self.pause().saturating_sub(least).mul_f64(self.random.next_fraction())
    }

    async fn give_back(&mut self) {
        let Some(token) = self.token.take() else { return };
        if let Err(error) = self.database.write(async move |tx| leases::release(tx, &token).await).await {
            tracing::debug!(reason = chain(&error), "the lease will expire");
        }
    }
}
