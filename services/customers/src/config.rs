//! What the service is told from outside.

use std::{net::SocketAddr, path::PathBuf};

use chassis::{alone::ByAddress, config::Env, limits::Limits, retention::Retention};

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

/// How the other services reach it and it reaches them; `rest` needs nothing for that.
pub type Reach = wiring::Reach<()>;

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8101), `DATABASE_FILE` (customers.db) and what [`Limits`] and [`Retention`]
    /// read. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let ByAddress = env.or("STYLE", ByAddress);
        Self {
            reach: Reach::Rest(()),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8101))),
            database: env.or("DATABASE_FILE", PathBuf::from("customers.db")),
            limits: Limits::from_env(env),
            retention: Retention::from_env(env),
        }
    }
}
