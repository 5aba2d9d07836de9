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

/// How the other services reach it and it reaches them; in `rest` late answers are posted to ordering at this URL.
pub type Reach = wiring::Reach<String>;

impl Config {
    /// From `STYLE` (`rest`), `LISTEN` (127.0.0.1:8105), `DATABASE_FILE` (billing.db), `ORDERING_URL`
    /// (http://127.0.0.1:8102), `PAYMENT_URL` and `MAIL_URL` (http://127.0.0.1:8109), `CALL_TIMEOUT_MS` (10 s),
    /// `CALL_BACKOFF_MAX_MS` (5 s), `DECLINE_BACKOFF_MS` (200 ms, doubled by each decline), `PAY_WAIT_MS` (10 s) and
    /// what [`Limits`] and [`Retention`] read. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let ByAddress = env.or("STYLE", ByAddress);
        let ordering = env.or("ORDERING_URL", "http://127.0.0.1:8102".to_owned());
        let (outside, backoff) = ("http://127.0.0.1:8109".to_owned(), Backoff::default());
        let after_decline = env.duration("DECLINE_BACKOFF_MS", Duration::from_millis(200));
        Self {
            reach: Reach::Rest(ordering),
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
