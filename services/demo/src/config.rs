//! What the demo is told from outside.

use std::{net::SocketAddr, time::Duration};

use axum::http::HeaderValue;
use chassis::{config::Env, limits::Limits};

use crate::Faults;

/// What the demo is told from outside.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who it says that it is.
    pub identity: Identity,
    /// What goes wrong from its start on.
    pub faults: Faults,
    /// The bounds of the HTTP server.
    pub limits: Limits,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The version, in the header `x-version`.
    pub version: HeaderValue,
    /// The colour, in the header `x-color`.
    pub color: HeaderValue,
    /// The pod.
    pub pod: String,
}

/// How long every answer ends its connection before the server stops: what a cluster needs to send nobody any more.
const UNREADY: Duration = Duration::from_secs(5);

impl Config {
    /// From `LISTEN` (127.0.0.1:8110), `VERSION` and `COLOR` (unknown), `HOSTNAME`, which is a pod's name, `FAULTS`, which is
    /// [`Faults`] as JSON, and what [`Limits`] reads, `HTTP_UNREADY_SECONDS` being 5 unless said. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let unknown = HeaderValue::from_static("unknown");
        Self {
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8110))),
            identity: Identity {
                version: env.or("VERSION", unknown.clone()),
                color: env.or("COLOR", unknown),
                pod: env.or("HOSTNAME", "unknown".to_owned()),
            },
            faults: env.or("FAULTS", Faults::default()),
            limits: Limits { unready: UNREADY, ..Limits::default() }.or_as_told(env),
        }
    }
}
