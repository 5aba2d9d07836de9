//! What the service is told from outside.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chassis::{alone::ByAddress, config::Env, limits::Limits, retention::Retention};
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
    /// How long it keeps what is of use for a while only.
    pub retention: Retention,
}

/// How the other services reach it and it reaches them; in `rest` late answers are posted to ordering at this URL.
pub type Reach = wiring::Reach<String>;

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8104), `DATABASE_FILE` (shipping.db), `ORDERING_URL`
    /// (http://127.0.0.1:8102), `CARRIER_URL` (http://127.0.0.1:8109), `CARRIER_TIMEOUT_MS` (10 s),
    /// `CARRIER_BACKOFF_MAX_MS` (5 s) and what [`Limits`] and [`Retention`] read. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let ByAddress = env.or("STYLE", ByAddress);
        let ordering = env.or("ORDERING_URL", "http://127.0.0.1:8102".to_owned());
        let backoff = Backoff::default();
        Self {
            reach: Reach::Rest(ordering),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8104))),
            database: env.or("DATABASE_FILE", PathBuf::from("shipping.db")),
            carrier_url: env.or("CARRIER_URL", "http://127.0.0.1:8109".to_owned()),
            carrier_timeout: env.duration("CARRIER_TIMEOUT_MS", Duration::from_secs(10)),
            carrier_backoff: Backoff {
                most: env.duration("CARRIER_BACKOFF_MAX_MS", backoff.most),
                ..backoff
            },
            limits: Limits::from_env(env),
            retention: Retention::from_env(env),
        }
    }
}
