//! What the service is told when it starts.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chassis::{
    config::{Env, Error},
    limits::Limits,
};

/// What the service is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it serves its API; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file of its database, in a directory that exists.
    pub database: PathBuf,
    /// Where the carrier is.
    pub carrier_url: String,
    /// How long to wait for each answer of the carrier.
    pub carrier_timeout: Duration,
    /// Where ordering is.
    pub ordering_url: String,
    /// The name of this replica, which no other one has.
    pub replica: String,
    /// The bounds of its server.
    pub limits: Limits,
}

impl Config {
    /// From `LISTEN`, `DATABASE_FILE`, `CARRIER_URL`, `CARRIER_TIMEOUT_MS`, `ORDERING_URL`, `REPLICA` and those of
    /// [`Limits::from_env`].
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn from_env(env: &mut Env) -> Result<Self, Error> {
        let listen = env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8080)));
        let database = env.or("DATABASE_FILE", PathBuf::from("shipping.db"));
        let carrier_url = env.required("CARRIER_URL");
        let carrier_timeout = env.duration("CARRIER_TIMEOUT_MS", Duration::from_secs(10));
        let ordering_url = env.required("ORDERING_URL");
        let replica = env.or("REPLICA", "only".to_owned());
        let limits = Limits::from_env(env);
        env.finish()?;
        let (carrier_url, ordering_url) = (carrier_url?, ordering_url?);
        Ok(Self { listen, database, carrier_url, carrier_timeout, ordering_url, replica, limits })
    }
}
