//! The bounds of what an App does over HTTP.

use std::time::Duration;

use mesh::{
    InvalidPolicy,
    circuit_breaker::{self, Backoff},
    concurrency, deadline,
    stack::{ClientPolicy, ServerPolicy},
    timeout,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::config::Env;

/// How much an HTTP server takes on at once, and for how long; and how its App calls others.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// What is before the routes: how many requests are handled at a time, say. One more is answered 503, with `Retry-After`.
    pub server: ServerPolicy,
    /// What is before each service that is called: when its circuit is open, say.
    pub client: ClientPolicy,
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
            server: server(),
            client: client(),
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

/// 1,024 requests at a time. A deadline ends nobody's work: handlers keep it themselves, and say what they have left undone.
fn server() -> ServerPolicy {
    ServerPolicy {
        concurrency: Some(concurrency::Policy::fixed(1024)),
        deadline: deadline::ServerPolicy { end: false, ..deadline::ServerPolicy::default() },
        ..ServerPolicy::default()
    }
}

/// Each call is made once: whoever makes it has a queue of its own, and asks again under the same key. So the circuit is tried out often. How long a call
/// may take its caller says, body included.
fn client() -> ClientPolicy {
    let open = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(5), jitter: 0.5 };
    ClientPolicy {
        deadline: deadline::ClientPolicy {
            at_most: Duration::from_secs(60),
            hop_margin: Duration::ZERO,
            way_back_percent: 5,
            body: false,
            ..deadline::ClientPolicy::default()
        },
        timeout: timeout::Policy { headers: Duration::from_secs(60), whole: None },
        circuit_breaker: Some(circuit_breaker::Policy { open, ..circuit_breaker::Policy::default() }),
        ..ClientPolicy::default()
    }
}

impl Limits {
    /// From `HTTP_MAX_CONNECTIONS`, `HTTP_HEADER_READ_MS`, `HTTP_BODY_READ_MS`,
    /// `HTTP_CONNECTION_AGE_SECONDS`, `HTTP_UNREADY_SECONDS` and `HTTP_DRAIN_SECONDS`; and `HTTP_SERVER` and `HTTP_CLIENT`, which are the policies as JSON: what they do
    /// not say is as by default.
    pub fn from_env(env: &mut Env) -> Self {
        Self::default().or_as_told(env)
    }

    /// The same, but for what the environment says: for a service whose defaults are others.
    #[must_use]
    pub fn or_as_told(self, env: &mut Env) -> Self {
        Limits {
            server: env
                .read("HTTP_SERVER", |text| over(&self.server, text, ServerPolicy::validate))
                .unwrap_or(self.server),
            client: env
                .read("HTTP_CLIENT", |text| over(&self.client, text, ClientPolicy::validate))
                .unwrap_or(self.client),
            body_bytes: self.body_bytes,
            connections: env.or("HTTP_MAX_CONNECTIONS", self.connections),
            header_read: env.duration("HTTP_HEADER_READ_MS", self.header_read),
            body_read: env.duration("HTTP_BODY_READ_MS", self.body_read),
            connection_age: env.duration("HTTP_CONNECTION_AGE_SECONDS", self.connection_age),
            unready: env.duration("HTTP_UNREADY_SECONDS", self.unready),
            drain: env.duration("HTTP_DRAIN_SECONDS", self.drain),
        }
    }
}

/// What a text says, and else what is so by default: policy by policy, and within each field by field.
fn over<P: Serialize + DeserializeOwned>(
    default: &P,
    text: &str,
    validate: fn(&P) -> Result<(), InvalidPolicy>,
) -> Result<P, String> {
    let mut policy = serde_json::to_value(default).map_err(|error| error.to_string())?;
    let said = serde_json::from_str(text).map_err(|error| error.to_string())?;
    merge(&mut policy, said, 2);
    let policy = serde_json::from_value(policy).map_err(|error| error.to_string())?;
    validate(&policy).map_err(|error| error.to_string())?;
    Ok(policy)
}

/// Deeper in there are values of one kind or another, which would not mix.
fn merge(known: &mut Value, said: Value, levels: usize) {
    match (known, said) {
        (Value::Object(known), Value::Object(said)) if levels > 0 => {
            for (name, said) in said {
                merge(known.entry(name).or_insert(Value::Null), said, levels - 1);
            }
        }
        (known, said) => *known = said,
    }
}

#[cfg(test)]
mod tests {
    use mesh::stack::AttemptPolicy;

    use super::*;

    #[test]
    fn a_policy_is_what_its_variable_says_and_otherwise_as_by_default() {
        let client = r#"{"circuit_breaker": {"consecutive_failures": 9}, "attempts": {"retry": {}}}"#;
        let server = r#"{"concurrency": {"limit": {"adaptive": {}}}}"#;
        let mut env = Env::from([("HTTP_CLIENT", client), ("HTTP_SERVER", server)]);
        let limits = Limits::from_env(&mut env);
        assert_eq!(env.finish(), Ok(()));
        let breaker = limits.client.circuit_breaker.expect("a breaker");
        let default = Limits::default();
        let was = default.client.circuit_breaker.expect("a breaker");
        assert_eq!((breaker.consecutive_failures, breaker.open), (Some(9), was.open));
        assert!(matches!(limits.client.attempts, AttemptPolicy::Retry(_)));
        assert_eq!(limits.client.deadline, default.client.deadline);
        let limit = limits.server.concurrency.map(|limit| limit.limit);
        assert!(matches!(limit, Some(concurrency::Limit::Adaptive(_))), "{limit:?}");
        assert_eq!(limits.server.deadline, default.server.deadline);
    }

    #[test]
    fn the_policies_that_the_documentation_sets_can_be_set() {
        let text = include_str!("../../../docs/mesh.md");
        let set = |name| {
            let (_, said) = text.split_once(&format!("export {name}='")).expect(name);
            (name, said.split_once('\'').expect("its end").0)
        };
        let mut env = Env::from([set("HTTP_CLIENT"), set("HTTP_SERVER")]);
        let limits = Limits::from_env(&mut env);
        assert_eq!(env.finish(), Ok(()));
        assert!(limits.client.routes.iter().any(|route| route.name == "reads"));
        assert!(limits.server.rate_limit.is_some_and(|rate| rate.limit.calls == 50));
    }

    #[test]
    fn what_a_variable_does_not_say_is_as_the_service_has_it() {
        let server = ServerPolicy { concurrency: Some(concurrency::Policy::fixed(7)), ..server() };
        let mut env = Env::from([("HTTP_SERVER", r#"{"rate_limit": {}}"#)]);
        let limits = Limits { server, ..Limits::default() }.or_as_told(&mut env);
        assert_eq!(env.finish(), Ok(()));
        assert_eq!(limits.server.concurrency, Some(concurrency::Policy::fixed(7)));
        assert!(limits.server.rate_limit.is_some());
    }

    #[test]
    fn what_a_policy_has_can_be_taken_away() {
        let mut env = Env::from([("HTTP_CLIENT", r#"{"circuit_breaker": null}"#)]);
        assert_eq!(Limits::from_env(&mut env).client.circuit_breaker, None);
        assert_eq!(env.finish(), Ok(()));
    }

    #[test]
    fn a_policy_out_of_range_is_told_by_variable_and_field() {
        let client = r#"{"circuit_breaker": {"probes": 0, "lease": "1us"}}"#;
        let mut env = Env::from([("HTTP_CLIENT", client), ("HTTP_SERVER", r#"{"colour": "blue"}"#)]);
        Limits::from_env(&mut env);
        let error = env.finish().expect_err("three fields are wrong").to_string();
        for part in
            ["HTTP_CLIENT", "`circuit_breaker.probes`", "`circuit_breaker.lease`", "HTTP_SERVER", "`colour`"]
        {
            assert!(error.contains(part), "{error}");
        }
    }
}
