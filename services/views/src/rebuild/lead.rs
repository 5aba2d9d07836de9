//! The replica that begins, swaps and forgets generations, whatever they are built from.

use std::time::Duration;

use database::{Database, Error, Transaction, leases};
use uuid::Uuid;

use crate::store::generations::{self, Generation, State};

/// The role of that replica, and for how long it has it.
const ROLE: &str = "rebuild";
const LEASE: Duration = Duration::from_secs(30);

/// How many rows of each table are forgotten in one transaction.
const FORGET: u64 = 500;

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing is kept at all.
    Begin,
    /// One is being built beside the live one, if there is one.
    Build(Generation, Option<i64>),
    /// A generation was retired.
    Forget(i64),
    /// All is well.
    Rest,
}

impl Next {
    /// Old rows first, then the oldest that is being built.
    pub(crate) fn of(all: &[Generation]) -> Self {
        let of = |state: State| all.iter().find(move |generation| generation.state == state);
        let live = of(State::Live).map(|generation| generation.generation);
        match (of(State::Retired), of(State::Building)) {
            (Some(retired), _) => Self::Forget(retired.generation),
            (None, Some(building)) => Self::Build(building.clone(), live),
            (None, None) if live.is_some() => Self::Rest,
            (None, None) => Self::Begin,
        }
    }
}

/// A replica, which may have the role.
#[derive(Clone, Debug)]
pub struct Leader {
    /// Where views are kept.
    pub database: Database,
    /// The name of this replica.
    pub holder: String,
}

impl Leader {
    /// Does it if this replica is the one that rebuilds, and tells whether it is: the role is taken, or kept, in the same
    /// transaction.
    pub(crate) async fn leading<F>(&self, work: F) -> Result<bool, Error>
    where
        F: AsyncFn(&mut Transaction) -> Result<(), Error> + Send + 'static,
    {
        let holder = self.holder.clone();
        let led = self.database.write(async move |tx: &mut Transaction| {
            if leases::acquire(tx, ROLE, &holder, LEASE).await?.is_none() {
                return Ok(false);
            }
            work(tx).await?;
            Ok(true)
        });
        led.await
    }

    /// Begins the first generation.
    pub(crate) async fn begin(&self, run: Uuid) -> Result<bool, Error> {
        self.leading(async move |tx| generations::begin(tx, run).await).await
    }

    /// Forgets some rows of a generation that was retired, and does `then` once there are none.
    pub(crate) async fn forget<F>(&self, generation: i64, then: F) -> Result<bool, Error>
    where
        F: AsyncFn(&mut Transaction) -> Result<(), Error> + Send + 'static,
    {
        let forget =
            async move |tx: &mut Transaction| match generations::forget(tx, generation, FORGET).await? {
                0 => then(tx).await,
                _ => Ok(()),
            };
        self.leading(forget).await
    }

    /// Has a generation answer, which was `compared` with the one that did: so many documents, of which so many are different.
    pub(crate) async fn go_live(&self, generation: i64, compared: Option<(u64, u64)>) -> Result<bool, Error> {
        if let Some((documents, different @ 1..)) = compared {
            tracing::error!(
                generation,
                documents,
                different,
                "the rebuilt views are not what the live ones were"
            );
        }
        let led = self.leading(async move |tx| generations::go_live(tx, generation, compared).await).await?;
        tracing::info!(generation, "the views answer from another generation");
        Ok(led)
    }
}
