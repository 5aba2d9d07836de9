//! What the service is told from outside.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use chassis::{alone::ByAddress, config::Env, limits::Limits, retention::Retention};
use choreography::callbacks::Addresses;
use contracts::Style;
use event_store::Ledger;
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
    /// Where the payment provider is.
    pub payment_url: String,
    /// Where the mail service is.
    pub mail_url: String,
    /// How long to wait for one answer of a system outside.
    pub call_timeout: Duration,
    /// How long to wait before a system outside is asked the same again.
    pub call_backoff: Backoff,
    /// How long to wait after a soft decline before the next attempt.
    pub decline_backoff: Backoff,
    /// How long a client that pays waits for the result, if it does not say so itself.
    pub pay_wait: Duration,
    /// The bounds of its HTTP server.
    pub limits: Limits,
    /// How long it keeps what is of use for a while only.
    pub retention: Retention,
}

/// How the other services reach it and it reaches them, with what each way needs.
#[derive(Clone)]
pub enum Reach {
    /// By HTTP. Late answers are posted to ordering at this URL.
    Rest(String),
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
            Self::Rest(_) => Style::Rest,
            Self::Messaging(_) => Style::Messaging,
            Self::Notification(..) => Style::Notification,
            Self::StateTransfer(_) => Style::StateTransfer,
            Self::EventSourcing(_) => Style::EventSourcing,
        }
    }

    fn from_env(env: &mut Env) -> Self {
        let ByAddress = env.or("STYLE", ByAddress);
        Self::Rest(env.or("ORDERING_URL", "http://127.0.0.1:8102".to_owned()))
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.style().as_str())
    }
}

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8105), `DATABASE_FILE` (billing.db), `ORDERING_URL`
    /// (http://127.0.0.1:8102), `PAYMENT_URL` and `MAIL_URL` (http://127.0.0.1:8109), `CALL_TIMEOUT_MS` (10 s),
    /// `CALL_BACKOFF_MAX_MS` (5 s), `DECLINE_BACKOFF_MS` (200 ms, doubled by each decline), `PAY_WAIT_MS` (10 s) and
    /// what [`Limits`] and [`Retention`] read. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let (outside, backoff) = ("http://127.0.0.1:8109".to_owned(), Backoff::default());
        let after_decline = env.duration("DECLINE_BACKOFF_MS", Duration::from_millis(200));
        Self {
            reach: Reach::from_env(env),
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8105))),
            database: env.or("DATABASE_FILE", PathBuf::from("billing.db")),
            payment_url: env.or("PAYMENT_URL", outside.clone()),
            mail_url: env.or("MAIL_URL", outside),
            call_timeout: env.duration("CALL_TIMEOUT_MS", Duration::from_secs(10)),
            call_backoff: Backoff { most: env.duration("CALL_BACKOFF_MAX_MS", backoff.most), ..backoff },
            decline_backoff: Backoff { first: after_decline, most: after_decline.saturating_mul(4) },
            pay_wait: env.duration("PAY_WAIT_MS", Duration::from_secs(10)),
            limits: Limits::from_env(env),
            retention: Retention::from_env(env),
        }
    }
}
