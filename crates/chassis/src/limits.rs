//! The bounds of an HTTP server.

use std::time::Duration;

use crate::config::Env;

/// How much an HTTP server takes on at once, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests being handled; one more is answered 429.
    pub in_flight: usize,
    /// Bytes of a request's body; more is answered 413.
    pub body_bytes: usize,
    /// Open connections; one more waits in the listener's backlog.
    pub connections: usize,
    /// How long a client may take to send the head of its next request, the pause before it included.
    pub header_read: Duration,
    /// How long a client may take to send the rest of its body once it is waited for.
    pub body_read: Duration,
    /// How old a connection may get, give or take a tenth: the first answer after that ends it, so that clients spread anew over
    /// whatever replicas there are by then. One over which nothing is asked is left alone until then.
    pub connection_age: Duration,
    /// How long to go on serving after saying that it stops, so that load balancers hear of it before the
    /// listener closes. Every answer ends its connection meanwhile; 5 s or more where there are load balancers.
    pub unready: Duration,
    /// How long requests in flight may take once the server is told to stop.
    pub drain: Duration,
}

/// The public contract's limit of a request's body.
pub const BODY_BYTES: usize = 64 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            in_flight: 1024,
            body_bytes: BODY_BYTES,
            connections: 4096,
            header_read: Duration::from_secs(30),
            body_read: Duration::from_secs(10),
            connection_age: Duration::from_secs(30),
            unready: Duration::ZERO,
            drain: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// From `HTTP_MAX_IN_FLIGHT`, `HTTP_MAX_CONNECTIONS`, `HTTP_HEADER_READ_MS`, `HTTP_BODY_READ_MS`,
    /// `HTTP_CONNECTION_AGE_SECONDS`, `HTTP_UNREADY_SECONDS` and `HTTP_DRAIN_SECONDS`.
    pub fn from_env(env: &mut Env) -> Self {
        let default = Self::default();
        Limits {
            in_flight: env.or("HTTP_MAX_IN_FLIGHT", default.in_flight),
            body_bytes: default.body_bytes,
            connections: env.or("HTTP_MAX_CONNECTIONS", default.connections),
            header_read: env.duration("HTTP_HEADER_READ_MS", default.header_read),
            body_read: env.duration("HTTP_BODY_READ_MS", default.body_read),
            connection_age: env.duration("HTTP_CONNECTION_AGE_SECONDS", default.connection_age),
            unready: env.duration("HTTP_UNREADY_SECONDS", default.unready),
            drain: env.duration("HTTP_DRAIN_SECONDS", default.drain),
        }
    }
}
