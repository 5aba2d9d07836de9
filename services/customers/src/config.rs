//! What the service is told from outside.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc};

use chassis::{config::Env, limits::Limits};
use contracts::{Style, style::UnknownStyle};
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
}

/// How the other services reach it, with what each way needs.
#[derive(Clone)]
pub enum Reach {
    /// By HTTP.
    Rest,
    /// By messages over this broker.
    Messaging(Arc<dyn Broker>),
}

impl Reach {
    /// The style that this is.
    #[must_use]
    pub const fn style(&self) -> Style {
        match self {
            Self::Rest => Style::Rest,
            Self::Messaging(_) => Style::Messaging,
        }
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.style().as_str())
    }
}

/// Why a service cannot be reached that way when it is alone in its process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReach {
    /// There is no such way.
    #[error(transparent)]
    Unknown(#[from] UnknownStyle),
    /// The only broker there is lives inside a process, where others cannot reach it.
    #[error("a service alone has no broker to share with the others; run `switchyard up --styles messaging`")]
    NoBroker,
}

impl FromStr for Reach {
    type Err = NoReach;

    fn from_str(style: &str) -> Result<Self, NoReach> {
        match style.parse()? {
            Style::Rest => Ok(Self::Rest),
            Style::Messaging => Err(NoReach::NoBroker),
        }
    }
}

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8101), `DATABASE_FILE` (customers.db) and what [`Limits`]
    /// reads. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        Self {
            reach: env.or("STYLE", Reach::Rest),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8101))),
            database: env.or("DATABASE_FILE", PathBuf::from("customers.db")),
            limits: Limits::from_env(env),
        }
    }
}
