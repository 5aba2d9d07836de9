//! What the service is told from outside.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use chassis::{alone::ByAddress, config::Env, limits::Limits, retention::Retention};
use choreography::callbacks::Addresses;
use contracts::Style;
use event_store::Ledger;
use messaging::Broker;

/// What one App is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the other services reach it.
    pub reach: Reach,
    /// Where it serves its API; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file that it keeps its data in.
    pub database: PathBuf,
    /// The bounds of its HTTP server.
    pub limits: Limits,
    /// How long it keeps what is of use for a while only.
    pub retention: Retention,
}

/// How the other services reach it, with what each way needs.
#[derive(Clone)]
pub enum Reach {
    /// By HTTP.
    Rest,
    /// By messages over this broker.
    Messaging(Arc<dyn Broker>),
    /// They hear over this broker that something happened, and ask for the rest; so does it, at these addresses.
    Notification(Arc<dyn Broker>, Addresses),
    /// They hear over this broker what has become of everything; so does it.
    StateTransfer(Arc<dyn Broker>),
    /// They follow this ledger, in which everything is kept; so does it.
    EventSourcing(Ledger),
}

impl Reach {
    /// The style that this is.
    #[must_use]
    pub const fn style(&self) -> Style {
        match self {
            Self::Rest => Style::Rest,
            Self::Messaging(_) => Style::Messaging,
            Self::Notification(..) => Style::Notification,
            Self::StateTransfer(_) => Style::StateTransfer,
            Self::EventSourcing(_) => Style::EventSourcing,
        }
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.style().as_str())
    }
}

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8101), `DATABASE_FILE` (customers.db) and what [`Limits`] and [`Retention`]
    /// read. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let ByAddress = env.or("STYLE", ByAddress);
        Self {
            reach: Reach::Rest,
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8101))),
            database: env.or("DATABASE_FILE", PathBuf::from("customers.db")),
            limits: Limits::from_env(env),
            retention: Retention::from_env(env),
        }
    }
}
