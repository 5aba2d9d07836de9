//! The bounds of what an App does over HTTP.

use std::{str::FromStr, time::Duration};

use mesh::circuit_breaker::{Backoff, Policy};

use crate::config::Env;

/// How much an HTTP server takes on at once, and for how long; and from when on its App waits for no answer of others.
#[derive(Clone, Debug, PartialEq)]
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
    /// When the circuit to another service is open: see [`mesh::circuit_breaker`].
    pub breaker: Policy,
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
            // Whoever calls waits in a queue of its own and asks again, so that the circuit is tried out often.
            breaker: Policy {
                open: Backoff {
                    first: Duration::from_millis(500),
                    longest: Duration::from_secs(5),
                    jitter: 0.5,
                },
                ..Policy::default()
            },
        }
    }
}

impl Limits {
    /// From `HTTP_MAX_IN_FLIGHT`, `HTTP_MAX_CONNECTIONS`, `HTTP_HEADER_READ_MS`, `HTTP_BODY_READ_MS`,
    /// `HTTP_CONNECTION_AGE_SECONDS`, `HTTP_UNREADY_SECONDS`, `HTTP_DRAIN_SECONDS` and `HTTP_CIRCUIT_BREAKER`, which is the
    /// [policy](Policy) as JSON: what it does not say is as by default.
    pub fn from_env(env: &mut Env) -> Self {
        Self::default().or_as_told(env)
    }

    /// The same, but for what the environment says: for a service whose defaults are others.
    #[must_use]
    pub fn or_as_told(self, env: &mut Env) -> Self {
        Limits {
            in_flight: env.or("HTTP_MAX_IN_FLIGHT", self.in_flight),
            body_bytes: self.body_bytes,
            connections: env.or("HTTP_MAX_CONNECTIONS", self.connections),
            header_read: env.duration("HTTP_HEADER_READ_MS", self.header_read),
            body_read: env.duration("HTTP_BODY_READ_MS", self.body_read),
            connection_age: env.duration("HTTP_CONNECTION_AGE_SECONDS", self.connection_age),
            unready: env.duration("HTTP_UNREADY_SECONDS", self.unready),
            drain: env.duration("HTTP_DRAIN_SECONDS", self.drain),
            breaker: env.or("HTTP_CIRCUIT_BREAKER", Breaker(self.breaker)).0,
        }
    }
}

/// A policy as its variable has it.
struct Breaker(Policy);

impl FromStr for Breaker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let policy: Policy = serde_json::from_str(text).map_err(|error| error.to_string())?;
        policy.validate().map_err(|error| error.to_string())?;
        Ok(Self(policy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_is_what_its_variable_says_and_otherwise_as_by_default() {
        let json = r#"{"consecutive_failures": 9, "open": {"first": "250ms", "longest": "2s"}}"#;
        let mut env = Env::from([("HTTP_CIRCUIT_BREAKER", json)]);
        let breaker = Limits::from_env(&mut env).breaker;
        assert_eq!(env.finish(), Ok(()));
        assert_eq!((breaker.consecutive_failures, breaker.open.first), (Some(9), Duration::from_millis(250)));
        assert_eq!(breaker.probes, Policy::default().probes);
    }

    #[test]
    fn a_breaker_out_of_range_is_told_by_variable_and_field() {
        let mut env = Env::from([("HTTP_CIRCUIT_BREAKER", r#"{"probes": 0, "lease": "1us"}"#)]);
        Limits::from_env(&mut env);
        let error = env.finish().expect_err("two fields are wrong").to_string();
        for part in ["HTTP_CIRCUIT_BREAKER", "`probes`", "`lease`"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
