//! What the service is told from outside.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use chassis::{config::Env, limits::Limits, retention::Retention};
use choreography::callbacks::Addresses;
use contracts::Style;
use event_store::Ledger;
use messaging::Broker;

/// What one App is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The style whose services it follows.
    pub style: Style,
    /// What it hears of them, and how.
    pub feed: Feed,
    /// Where the owners are, who are asked to tell everything again.
    pub owners: Owners,
    /// Under which name it follows: instances that share a database share it, others have names of their own.
    pub group: String,
    /// Where it serves its API; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The file that it keeps its data in.
    pub database: PathBuf,
    /// The bounds of its HTTP server.
    pub limits: Limits,
    /// How long it keeps what is of use for a while only.
    pub retention: Retention,
}

/// What views hear, and how.
#[derive(Clone)]
pub enum Feed {
    /// Messages over this broker that carry what happened.
    Events(Arc<dyn Broker>),
    /// Messages over this broker that carry the whole document.
    Documents(Arc<dyn Broker>),
    /// Messages over this broker that carry nothing: their senders, at these addresses, are asked for the document.
    Notices(Arc<dyn Broker>, Addresses),
    /// The events of this ledger.
    Ledger(Ledger),
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events(_) => "events",
            Self::Documents(_) => "documents",
            Self::Notices(..) => "notices",
            Self::Ledger(_) => "ledger",
        })
    }
}

/// Where the owners of what views show are: `http://host:port` of each.
#[derive(Clone, Debug)]
pub struct Owners {
    /// Customers.
    pub customers: String,
    /// Ordering.
    pub ordering: String,
    /// Warehouse.
    pub warehouse: String,
}

/// Views cannot run alone.
#[derive(Debug, thiserror::Error)]
#[error(
    "views alone have no broker to share with the services that they follow; run `switchyard up` for the style `{0}`"
)]
pub struct NotAlone(Style);

impl Config {
    /// What views follow as long as nobody tells otherwise: under the name of `views`, with all else as it is by default.
    #[must_use]
    pub fn new(style: Style, feed: Feed, owners: Owners, listen: SocketAddr, database: PathBuf) -> Self {
        Self {
            style,
            feed,
            owners,
            group: "views".to_owned(),
            listen,
            database,
            limits: Limits::default(),
            retention: Retention::default(),
        }
    }

    /// From `STYLE` (`messaging`). No style has a broker that processes share yet, so there is none in which views can run alone; in
    /// `rest` there are none at all.
    pub fn style_from_env(env: &mut Env) -> Style {
        env.or("STYLE", Style::Messaging)
    }

    /// Why views cannot run alone in a style.
    #[must_use]
    pub const fn not_alone(style: Style) -> NotAlone {
        NotAlone(style)
    }
}
