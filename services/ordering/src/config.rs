//! What an instance of ordering has to be told.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chassis::{alone::ByAddress, config::Env, limits::Limits, retention::Retention};

use contracts::Style;

use crate::process::Participant;

/// What an instance of ordering has to be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// How it reaches the other services.
    pub reach: Reach,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The file that it keeps its data in.
    pub database: PathBuf,
    /// How long `place` and `cancel` wait for an outcome unless the client says.
    pub wait: Duration,
    /// How long a participant may take to answer.
    pub timeout: Duration,
    /// How long to wait for an answer that comes later before asking again.
    pub patience: Duration,
    /// How much it takes on at once.
    pub limits: Limits,
    /// How long it keeps what is of use for a while only.
    pub retention: Retention,
}

/// How ordering reaches the other services and they reach it; `rest` takes their addresses.
pub type Reach = wiring::Reach<Endpoints>;

/// Where the other services listen: `http://host:port`, without a path.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// The customers service.
    pub customers: String,
    /// The warehouse service.
    pub warehouse: String,
    /// The shipping service.
    pub shipping: String,
    /// The billing service.
    pub billing: String,
}

impl Endpoints {
    /// Where this one listens.
    #[must_use]
    pub fn of(&self, participant: Participant) -> &str {
        match participant {
            Participant::Customers => &self.customers,
            Participant::Warehouse => &self.warehouse,
            Participant::Shipping => &self.shipping,
            Participant::Billing => &self.billing,
        }
    }
}

/// How long a client of a style waits for an outcome unless it says.
const fn default_wait(style: Style) -> Duration {
    match style {
        Style::Rest => Duration::from_secs(5),
        _ => Duration::ZERO,
    }
}

impl Config {
    /// A free port, no admin port of its own, and what is usual for the style.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: PathBuf::from("ordering.db"),
            wait: default_wait(reach.style()),
            timeout: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            limits: Limits::default(),
            retention: Retention::default(),
            reach,
        }
    }

    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8102), `DATABASE_FILE` (ordering.db), `CUSTOMERS_URL`, `WAREHOUSE_URL`, `SHIPPING_URL`,
    /// `BILLING_URL` (127.0.0.1, 8101 and 8103 to 8105), `WAIT_MS`, `PARTICIPANT_TIMEOUT_MS`, `PARTICIPANT_PATIENCE_MS` (5 s each)
    /// and what [`Limits`] and [`Retention`] read. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let ByAddress = env.or("STYLE", ByAddress);
        let mut url = |name: &str, port: u16| {
            let url: String = env.or(name, format!("http://127.0.0.1:{port}"));
            url.trim_end_matches('/').to_owned()
        };
        let endpoints = Endpoints {
            customers: url("CUSTOMERS_URL", 8101),
            warehouse: url("WAREHOUSE_URL", 8103),
            shipping: url("SHIPPING_URL", 8104),
            billing: url("BILLING_URL", 8105),
        };
        let config = Self {
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8102))),
            database: env.or("DATABASE_FILE", PathBuf::from("ordering.db")),
            limits: Limits::from_env(env),
            retention: Retention::from_env(env),
            ..Self::new(Reach::Rest(endpoints))
        };
        Self {
            wait: env.duration("WAIT_MS", config.wait),
            timeout: env.duration("PARTICIPANT_TIMEOUT_MS", config.timeout),
            patience: env.duration("PARTICIPANT_PATIENCE_MS", config.patience),
            ..config
        }
    }
}
