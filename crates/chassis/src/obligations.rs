//! What is left to do before a process may go: `GET /drain` on the admin port.
//!
//! ```
//! # use chassis::obligations::Obligations;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let obligations = Obligations::default();
//! obligations.owe_now("held calls", || 2);
//! assert_eq!(obligations.left().await.unwrap().obligations["held calls"], 2);
//! # }
//! ```

use std::{
    collections::BTreeMap,
    fmt,
    future::ready,
    sync::{Arc, Mutex, PoisonError},
};

use database::{Database, Error, Transaction};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::{edge::InFlight, server::Connections};

/// What an App still has to do, by name. Clones share it.
#[derive(Clone, Default)]
pub struct Obligations(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    connections: Connections,
    in_flight: InFlight,
    owed: Vec<(&'static str, Count)>,
}

type Count = Arc<dyn Fn() -> BoxFuture<'static, Result<u64, Error>> + Send + Sync>;

/// What is left to do now; all zero when nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Connections of clients that are open, idle ones included: a server that drains closes those.
    pub connections: u64,
    /// Requests that are being handled.
    pub in_flight: u64,
    /// The rest, by name.
    pub obligations: BTreeMap<&'static str, u64>,
}

impl Left {
    /// What is left of this and of `other`.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        self.connections += other.connections;
        self.in_flight += other.in_flight;
        for (name, count) in other.obligations {
            *self.obligations.entry(name).or_default() += count;
        }
        self
    }
}

impl Obligations {
    /// Adds something that is to be done before the process may go. `count` tells how much of it there is now.
    pub fn owe(
        &self,
        name: &'static str,
        count: impl Fn() -> BoxFuture<'static, Result<u64, Error>> + Send + Sync + 'static,
    ) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).owed.push((name, Arc::new(count)));
    }

    /// Adds something that is known at once.
    pub fn owe_now(&self, name: &'static str, count: impl Fn() -> u64 + Send + Sync + 'static) {
        self.owe(name, move || Box::pin(ready(Ok(count()))));
    }

    /// Adds something that a database tells.
    pub fn owe_in<R>(&self, name: &'static str, database: &Database, read: R)
    where
        R: AsyncFn(&mut Transaction) -> Result<u64, Error> + Clone + Send + Sync + 'static,
    {
        let database = database.clone();
        self.owe(name, move || {
            let (database, read) = (database.clone(), read.clone());
            Box::pin(async move { database.read(read).await })
        });
    }

    /// What is left to do now.
    ///
    /// # Errors
    /// A database does not tell.
    pub async fn left(&self) -> Result<Left, Error> {
        let (mut left, owed) = {
            let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (connections, in_flight) = (shared.connections.open(), shared.in_flight.count());
            (Left { connections, in_flight, ..Left::default() }, shared.owed.clone())
        };
        for (name, count) in owed {
            *left.obligations.entry(name).or_default() += count().await?;
        }
        Ok(left)
    }

    /// The App's API is behind this edge, and has these connections.
    pub(crate) fn serve(&self, in_flight: InFlight, connections: Connections) {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (shared.in_flight, shared.connections) = (in_flight, connections);
    }
}

impl fmt::Debug for Obligations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<_> = shared.owed.iter().map(|(name, _)| name).collect();
        f.debug_tuple("Obligations").field(&names).finish()
    }
}
