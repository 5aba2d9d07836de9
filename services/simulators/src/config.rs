//! What the simulators are told from outside.

use std::{net::SocketAddr, path::PathBuf};

use chassis::{config::Env, limits::Limits};

/// What the simulators are told from outside.
#[derive(Clone, Debug)]
pub struct Config {
    /// The style of the system that asks them, which labels their metrics; `all` where several share them.
    pub style: String,
    /// Where the three APIs are served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file that the ledger is kept in.
    pub database: PathBuf,
    /// The bounds of the HTTP server. What is held counts as in flight.
    pub limits: Limits,
}

impl Config {
    /// From `STYLE` (`all`), `LISTEN` (127.0.0.1:8109), `DATABASE_FILE` (simulators.db) and what [`Limits`] reads. Bad values
    /// are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        Self {
            style: env.or("STYLE", "all".to_owned()),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8109))),
            database: env.or("DATABASE_FILE", PathBuf::from("simulators.db")),
            limits: Limits::from_env(env),
        }
    }
}
