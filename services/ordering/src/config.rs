//! What an instance of ordering has to be told.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chassis::{
    config::{self, Env},
    limits::Limits,
    telemetry::Logging,
};

use crate::styles::rest::Endpoints;

/// What an instance of ordering has to be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// How it reaches the other services.
    pub style: Style,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where its admin port listens, if it has one of its own.
    pub admin: Option<SocketAddr>,
    /// Where its database is: the file's directory.
    pub data_dir: PathBuf,
    /// The name of this replica.
    pub instance: String,
    /// How long `place` and `cancel` wait for an outcome unless the client says.
    pub wait: Duration,
    /// How long a participant may take to answer.
    pub timeout: Duration,
    /// How long to wait for an answer that comes later before asking again.
    pub patience: Duration,
    /// How much it takes on at once.
    pub limits: Limits,
}

/// How ordering reaches the other services, with what each way needs to know.
#[derive(Clone, Debug)]
pub enum Style {
    /// By HTTP.
    Rest(Endpoints),
}

impl Style {
    /// The style's name, as it stands in URLs and labels.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rest(_) => "rest",
        }
    }

    /// How long a client waits for an outcome unless it says.
    #[must_use]
    pub const fn default_wait(&self) -> Duration {
        match self {
            Self::Rest(_) => Duration::from_secs(5),
        }
    }
}

impl Config {
    /// From the environment.
    ///
    /// # Errors
    /// Every variable that is missing or malformed, all at once.
    pub fn from_env(env: &mut Env) -> Result<(Self, Logging), config::Error> {
        let logging = Logging::from_env(env);
        let mut url =
            |name: &str| env.required::<String>(name).map(|url| url.trim_end_matches('/').to_owned());
        let endpoints = Endpoints {
            customers: url("CUSTOMERS_URL").unwrap_or_default(),
            warehouse: url("WAREHOUSE_URL").unwrap_or_default(),
            shipping: url("SHIPPING_URL").unwrap_or_default(),
            billing: url("BILLING_URL").unwrap_or_default(),
        };
        let style = Style::Rest(endpoints);
        let config = Self {
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8080))),
            admin: Some(env.or("ADMIN_LISTEN", SocketAddr::from(([127, 0, 0, 1], 8081)))),
            data_dir: env.or("DATA_DIR", PathBuf::from("data")),
            instance: env.or("INSTANCE", "ordering".to_owned()),
            wait: env.duration("WAIT_MS", style.default_wait()),
            timeout: env.duration("PARTICIPANT_TIMEOUT_MS", Duration::from_secs(5)),
            patience: env.duration("PARTICIPANT_PATIENCE_MS", Duration::from_secs(5)),
            limits: Limits::from_env(env),
            style,
        };
        env.finish()?;
        Ok((config, logging))
    }
}
