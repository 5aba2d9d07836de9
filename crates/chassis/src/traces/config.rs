//! What the environment says, by OpenTelemetry's own variables.

use std::{convert::Infallible, fmt, fmt::Display, str::FromStr, time::Duration};

use axum::http::{Uri, uri::Scheme};

use super::{
    Headers, Sampler,
    headers::pairs,
    sampler::{Name, Share},
};
use crate::config::Env;

/// What to record, and where to send it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where spans go; `None` records nothing.
    pub collector: Option<Collector>,
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// What every App's resource says besides.
    pub resource: Vec<(String, String)>,
    /// How many spans wait at most; more are dropped.
    pub queue: usize,
    /// How many spans are sent at a time.
    pub batch: usize,
    /// How long a span waits for others to be sent with.
    pub delay: Duration,
}

/// Nothing is recorded.
impl Default for Config {
    fn default() -> Self {
        Self {
            collector: None,
            sampler: Name::default().sampler(None),
            resource: Vec::new(),
            queue: 2048,
            batch: 512,
            delay: Duration::from_secs(1),
        }
    }
}

/// Where spans are sent to.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The address of its traces: with the path, where HTTP is spoken.
    pub endpoint: Uri,
    /// How.
    pub protocol: Protocol,
    /// What every request carries.
    pub headers: Headers,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// A form of OpenTelemetry's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC.
    Grpc,
    /// Protobuf over HTTP/1.
    HttpProtobuf,
}

/// The port that gRPC has by convention.
const GRPC_PORT: u16 = 4317;

impl Config {
    /// From OpenTelemetry's variables. Spans are recorded once `OTEL_EXPORTER_OTLP_ENDPOINT` or `…_TRACES_ENDPOINT` is set,
    /// unless `OTEL_SDK_DISABLED` is `true` or `OTEL_TRACES_EXPORTER` is `none`. `OTEL_EXPORTER_OTLP_PROTOCOL` is `grpc` or
    /// `http/protobuf`: the latter unless told, but for an endpoint at port 4317, which is gRPC's. `…_HEADERS` are secrets, `…_TIMEOUT`
    /// milliseconds (10000); each also as `OTEL_EXPORTER_OTLP_TRACES_…`, which wins. `OTEL_TRACES_SAMPLER` (`parentbased_always_on`)
    /// with `…_ARG`, `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_BSP_SCHEDULE_DELAY` (1000), `…_MAX_QUEUE_SIZE` (2048) and
    /// `…_MAX_EXPORT_BATCH_SIZE` (512). What is set to nothing is not set. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let usual = Self::default();
        let disabled = set(env, "OTEL_SDK_DISABLED").unwrap_or(Switch(false));
        let exporter = set(env, "OTEL_TRACES_EXPORTER").unwrap_or(Exporter::Otlp);
        let collector = Collector::from_env(env);
        let (name, share) =
            (set::<Name>(env, "OTEL_TRACES_SAMPLER"), set::<Share>(env, "OTEL_TRACES_SAMPLER_ARG"));
        let resource = set::<Pairs>(env, "OTEL_RESOURCE_ATTRIBUTES").map(|Pairs(pairs)| pairs);
        Self {
            collector: collector.filter(|_| !disabled.0 && exporter == Exporter::Otlp),
            sampler: name.map_or(usual.sampler, |name| name.sampler(share)),
            resource: resource.unwrap_or_default(),
            queue: set(env, "OTEL_BSP_MAX_QUEUE_SIZE").unwrap_or(usual.queue),
            batch: set(env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE").unwrap_or(usual.batch),
            delay: set(env, "OTEL_BSP_SCHEDULE_DELAY").map_or(usual.delay, Duration::from_millis),
        }
    }
}

impl Collector {
    fn from_env(env: &mut Env) -> Option<Self> {
        let base = set::<Endpoint>(env, "OTEL_EXPORTER_OTLP_ENDPOINT");
        let own = set::<Endpoint>(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        let protocol = of_traces(env, "PROTOCOL");
        let headers = of_traces(env, "HEADERS").unwrap_or_default();
        let timeout = of_traces(env, "TIMEOUT").map_or(Duration::from_secs(10), Duration::from_millis);
        let _ = of_traces::<Uncompressed>(env, "COMPRESSION");
        let Endpoint(named) = own.as_ref().or(base.as_ref())?;
        let by_port =
            || if named.port_u16() == Some(GRPC_PORT) { Protocol::Grpc } else { Protocol::HttpProtobuf };
        let protocol = protocol.unwrap_or_else(by_port);
        // The endpoint of all signals has one path below it for each; that of traces is meant as it is.
        let endpoint = match protocol {
            Protocol::HttpProtobuf if own.is_none() => {
                at_path(named, &format!("{}/v1/traces", named.path().trim_end_matches('/')))?
            }
            Protocol::HttpProtobuf | Protocol::Grpc => named.clone(),
        };
        Some(Self { endpoint, protocol, headers, timeout })
    }
}

fn at_path(endpoint: &Uri, path: &str) -> Option<Uri> {
    let mut parts = endpoint.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// The variable of traces, or that of all signals.
fn of_traces<T: FromStr<Err: Display>>(env: &mut Env, name: &str) -> Option<T> {
    let of_all = set(env, &format!("OTEL_EXPORTER_OTLP_{name}"));
    set(env, &format!("OTEL_EXPORTER_OTLP_TRACES_{name}")).or(of_all)
}

fn set<T: FromStr<Err: Display>>(env: &mut Env, name: &str) -> Option<T> {
    env.optional::<Set<T>>(name).and_then(|Set(value)| value)
}

/// A value; none, if the variable is empty.
struct Set<T>(Option<T>);

impl<T: FromStr> FromStr for Set<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|value| Self(Some(value))) }
    }
}

/// By OpenTelemetry's rule: `true` in any case is true, and everything else is not.
struct Switch(bool);

impl FromStr for Switch {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.eq_ignore_ascii_case("true")))
    }
}

struct Endpoint(Uri);

impl FromStr for Endpoint {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        let bad = Bad(
            "must be an address such as http://127.0.0.1:4317; TLS is not spoken here: send to an agent beside this process",
        );
        let uri: Uri = text.parse().map_err(|_| bad)?;
        // What would stand before an `@` is a secret, which belongs into the headers.
        let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        (is_plain && uri.scheme() == Some(&Scheme::HTTP)).then_some(Self(uri)).ok_or(bad)
    }
}

/// The SDK's exporter looks at this itself, and would send nothing.
struct Uncompressed;

impl FromStr for Uncompressed {
    type Err = Bad;

    fn from_str(_: &str) -> Result<Self, Bad> {
        Err(Bad("must not be set: nothing is compressed on its way to an agent beside this process"))
    }
}

impl FromStr for Protocol {
    type Err = Bad;

    fn from_str(name: &str) -> Result<Self, Bad> {
        match name {
            "grpc" => Ok(Self::Grpc),
            "http/protobuf" => Ok(Self::HttpProtobuf),
            _ => Err(Bad("must be `grpc` or `http/protobuf`")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exporter {
    Otlp,
    None,
}

impl FromStr for Exporter {
    type Err = Bad;

    fn from_str(name: &str) -> Result<Self, Bad> {
        match name {
            "otlp" => Ok(Self::Otlp),
            "none" => Ok(Self::None),
            _ => Err(Bad("must be `otlp` or `none`")),
        }
    }
}

struct Pairs(Vec<(String, String)>);

impl FromStr for Pairs {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        pairs(text)
            .map(Self)
            .ok_or(Bad("must be a list such as `deployment.environment.name=test,team=blue`"))
    }
}

/// A variable's value is not one of those that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad(pub(super) &'static str);

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config<const N: usize>(variables: [(&str, &str); N]) -> Config {
        let mut env = Env::from(variables);
        let config = Config::from_env(&mut env);
        env.finish().unwrap();
        config
    }

    fn endpoint<const N: usize>(variables: [(&str, &str); N]) -> (String, Protocol) {
        let collector = config(variables).collector.unwrap();
        (collector.endpoint.to_string(), collector.protocol)
    }

    #[test]
    fn nothing_is_recorded_unless_there_is_a_collector() {
        let at = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317");
        assert!(config([]).collector.is_none());
        assert!(config([("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).collector.is_none());
        assert!(config([at, ("OTEL_SDK_DISABLED", "TRUE")]).collector.is_none());
        assert!(config([at, ("OTEL_TRACES_EXPORTER", "none")]).collector.is_none());
        assert!(config([at, ("OTEL_SDK_DISABLED", "false")]).collector.is_some());
    }

    #[test]
    fn the_protocol_goes_by_its_variable_or_else_by_the_port() {
        let all = "OTEL_EXPORTER_OTLP_ENDPOINT";
        assert_eq!(endpoint([(all, "http://c:4317")]), ("http://c:4317/".to_owned(), Protocol::Grpc));
        let http = (String::from("http://c:4318/v1/traces"), Protocol::HttpProtobuf);
        assert_eq!(endpoint([(all, "http://c:4318")]), http);
        assert_eq!(endpoint([(all, "http://c:4318/")]), http);
        let spoken = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert_eq!(endpoint([(all, "http://c:9"), spoken]), ("http://c:9/".to_owned(), Protocol::Grpc));
    }

    #[test]
    fn what_is_said_of_traces_alone_wins_and_is_taken_as_it_is() {
        let (all, own) =
            ("OTEL_EXPORTER_OTLP_ENDPOINT", ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/in"));
        assert_eq!(
            endpoint([(all, "http://c:4317"), own]),
            ("http://t:1/in".to_owned(), Protocol::HttpProtobuf)
        );
        let config = config([
            own,
            ("OTEL_EXPORTER_OTLP_HEADERS", "key=all"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "key=own"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
        ]);
        let collector = config.collector.unwrap();
        assert_eq!(collector.headers.map()["key"], "own");
        assert_eq!(collector.timeout, Duration::from_millis(250));
    }

    #[test]
    fn every_bad_variable_is_named_and_no_secret_is_shown() {
        let bad = [
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
            ("OTEL_TRACES_SAMPLER", "some"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_RESOURCE_ATTRIBUTES", "x"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
        ];
        let mut env = Env::from(bad);
        Config::from_env(&mut env);
        let error = env.finish().unwrap_err();
        let mut named: Vec<_> = error.variables.iter().map(|variable| variable.name.as_str()).collect();
        let mut expected = bad.map(|(name, _)| name).to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected);
        assert!(!error.to_string().contains("hunter2"));
    }
}
