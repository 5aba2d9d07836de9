//! What the service is told from outside.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use chassis::{config::Env, limits::Limits};
use contracts::{Style, style::UnknownStyle};
use messaging::Broker;
use saga::tasks::Backoff;

/// What one App is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the other services reach it, and it reaches them.
    pub reach: Reach,
    /// Where it serves its API; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file that it keeps its data in.
    pub database: PathBuf,
    /// Where the carrier is.
    pub carrier_url: String,
    /// How long to wait for one answer of the carrier.
    pub carrier_timeout: Duration,
    /// How long to wait before the carrier is asked again.
    pub carrier_backoff: Backoff,
    /// The bounds of its HTTP server.
    pub limits: Limits,
}

/// How the other services reach it and it reaches them, with what each way needs.
#[derive(Clone)]
pub enum Reach {
    /// By HTTP. Late answers are posted to ordering at this URL.
    Rest(String),
    /// By messages over this broker.
    Messaging(Arc<dyn Broker>),
}

impl Reach {
    /// The style that this is.
    #[must_use]
    pub const fn style(&self) -> Style {
        match self {
            Self::Rest(_) => Style::Rest,
            Self::Messaging(_) => Style::Messaging,
        }
    }

    fn from_env(env: &mut Env) -> Self {
        let Alone = env.or("STYLE", Alone);
        Self::Rest(env.or("ORDERING_URL", "http://127.0.0.1:8102".to_owned()))
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.style().as_str())
    }
}

/// The style of a service that is alone in its process.
struct Alone;

impl FromStr for Alone {
    type Err = NoReach;

    fn from_str(style: &str) -> Result<Self, NoReach> {
        match style.parse()? {
            Style::Rest => Ok(Self),
            Style::Messaging => Err(NoReach::NoBroker),
        }
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

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8104), `DATABASE_FILE` (shipping.db), `ORDERING_URL`
    /// (http://127.0.0.1:8102), `CARRIER_URL` (http://127.0.0.1:8109), `CARRIER_TIMEOUT_MS` (10 s),
    /// `CARRIER_BACKOFF_MAX_MS` (5 s) and what [`Limits`] reads. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let backoff = Backoff::default();
        Self {
            reach: Reach::from_env(env),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8104))),
            database: env.or("DATABASE_FILE", PathBuf::from("shipping.db")),
            carrier_url: env.or("CARRIER_URL", "http://127.0.0.1:8109".to_owned()),
            carrier_timeout: env.duration("CARRIER_TIMEOUT_MS", Duration::from_secs(10)),
            carrier_backoff: Backoff {
                most: env.duration("CARRIER_BACKOFF_MAX_MS", backoff.most),
                ..backoff
            },
            limits: Limits::from_env(env),
        }
    }
}
