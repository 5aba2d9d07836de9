//! What the service is told from outside.

use std::{net::SocketAddr, path::PathBuf};

use chassis::{config::Env, limits::Limits};
use contracts::Style;

/// What one App is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the other services reach it.
    pub style: Style,
    /// Where it serves its API; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file that it keeps its data in.
    pub database: PathBuf,
    /// The bounds of its HTTP server.
    pub limits: Limits,
}

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8103), `DATABASE_FILE` (warehouse.db) and what [`Limits`] reads. Bad values
    /// are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        Self {
            style: env.or("STYLE", Style::default()),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8103))),
            database: env.or("DATABASE_FILE", PathBuf::from("warehouse.db")),
            limits: Limits::from_env(env),
        }
    }
}
