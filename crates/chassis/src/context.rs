//! Who asks, under which trace, and by when: what a request hands on to everything done for it.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, request::Parts},
};
use tokio::time::Instant;

use crate::{
    ids::Random,
    problem::{self, Problem},
    trace::{self, Trace},
};

/// The header that names the caller, set by the gateway.
pub const ACTOR: HeaderName = HeaderName::from_static("x-actor");
/// The header that gives the time left, in milliseconds.
pub const TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");
/// The header that gives the time left, as gRPC writes it: up to eight digits and a unit.
pub const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// The header by which a caller recognises a request that it repeats.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The actor of a request that names none.
pub const ANONYMOUS: &str = "anonymous";

/// Longest actor and idempotency key, in bytes.
const MAX_HEADER: usize = 255;

/// A deadline further away than this is none that anybody waits for.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// Who asks, under which trace, and by when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Who asks; [`ANONYMOUS`] where nobody said.
    pub actor: String,
    /// Where this request is in the trace of what caused it.
    pub trace: Trace,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// The caller's key for this request, if it gave one.
    pub idempotency_key: Option<String>,
}

impl Context {
    /// A context of the system's own work, which nobody waits for.
    #[must_use]
    pub fn background(actor: impl Into<String>, random: &Random) -> Self {
        Context { actor: actor.into(), trace: trace::fresh(random), deadline: None, idempotency_key: None }
    }

    /// The context of a request, from its headers, at this place in a trace.
    ///
    /// # Errors
    /// 400 where the deadline, the actor or the idempotency key is malformed.
    pub fn from_headers(headers: &HeaderMap, trace: Trace) -> Result<Self, Problem> {
        Ok(Context {
            actor: text(headers, &ACTOR)?.unwrap_or_else(|| ANONYMOUS.to_owned()),
            trace,
            deadline: timeout(headers)?.map(|left| Instant::now() + left),
            idempotency_key: text(headers, &IDEMPOTENCY_KEY)?,
        })
    }

    /// The time left until the deadline, zero once it has passed; `None` without a deadline.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// The earlier of the deadline and `limit` from now.
    #[must_use]
    pub fn deadline_within(&self, limit: Duration) -> Instant {
        let ours = Instant::now() + limit;
        self.deadline.map_or(ours, |theirs| theirs.min(ours))
    }

    /// This context under another key, or none: for a call made on behalf of this request.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: Option<String>) -> Self {
        self.idempotency_key = key;
        self
    }
}

/// The context that [`edge`](crate::edge::edge) put on the request.
impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(|| problem::internal_because("the router is not behind `edge`"))
    }
}

/// A header of visible ASCII, at most [`MAX_HEADER`] bytes; absent is `None`.
fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let malformed = || Problem::malformed(format!("`{name}` is 1 to {MAX_HEADER} visible ASCII characters"));
    let text = value.to_str().map_err(|_| malformed())?;
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || text.len() > MAX_HEADER || !visible {
        return Err(malformed());
    }
    Ok(Some(text.to_owned()))
}

/// The shorter of the time-outs that the headers give.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Problem> {
    let ours = parse_with(headers, &TIMEOUT_MS, "a number of milliseconds", |text| {
        digits(text, 15).map(Duration::from_millis)
    })?;
    let grpc =
        parse_with(headers, &GRPC_TIMEOUT, "up to eight digits and one of H, M, S, m, u, n", grpc_timeout)?;
    Ok(ours.into_iter().chain(grpc).min().map(|timeout| timeout.min(MAX_TIMEOUT)))
}

fn parse_with<T>(
    headers: &HeaderMap,
    name: &HeaderName,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(parse);
    parsed.map(Some).ok_or_else(|| Problem::malformed(format!("`{name}` is {expected}")))
}

/// Digits only: no sign, no blank.
fn digits(text: &str, most: usize) -> Option<u64> {
    let digits_only = text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > most || !digits_only { None } else { text.parse().ok() }
}

fn grpc_timeout(text: &str) -> Option<Duration> {
    let (unit_at, unit) = text.char_indices().last()?;
    let number = digits(&text[..unit_at], 8)?;
    Some(match unit {
        'H' => Duration::from_secs(number * 3600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(headers: &[(&'static str, &str)]) -> Result<Context, Problem> {
        let pairs =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Context::from_headers(&pairs.collect(), trace::fresh(&Random::seeded(1)))
    }

    fn remaining(headers: &[(&'static str, &str)]) -> Option<Duration> {
        context(headers).unwrap().remaining()
    }

    #[tokio::test(start_paused = true)]
    async fn without_headers_the_caller_is_anonymous_and_waits_for_ever() {
        let context = context(&[]).unwrap();
        assert_eq!(
            (context.actor.as_str(), context.deadline, context.idempotency_key),
            (ANONYMOUS, None, None)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_shorter_time_out_counts() {
        assert_eq!(remaining(&[("x-request-timeout-ms", "250")]), Some(Duration::from_millis(250)));
        assert_eq!(remaining(&[("grpc-timeout", "3S")]), Some(Duration::from_secs(3)));
        let both = [("x-request-timeout-ms", "250"), ("grpc-timeout", "100m")];
        assert_eq!(remaining(&both), Some(Duration::from_millis(100)));
    }

    #[tokio::test(start_paused = true)]
    async fn every_unit_of_grpc_is_known() {
        let seconds = |value| remaining(&[("grpc-timeout", value)]).unwrap().as_secs_f64();
        assert_eq!(seconds("2H"), 7200.0);
        assert_eq!(seconds("2M"), 120.0);
        assert_eq!(seconds("5000000u"), 5.0);
        assert_eq!(seconds("99999999n"), 0.099_999_999);
        assert_eq!(seconds("99999999H"), MAX_TIMEOUT.as_secs_f64());
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_left_is_a_deadline_that_has_passed() {
        assert!(context(&[("x-request-timeout-ms", "0")]).unwrap().is_expired());
    }

    #[tokio::test]
    async fn malformed_headers_are_400() {
        let long = "k".repeat(256);
        let bad = [
            ("x-request-timeout-ms", "-1"),
            ("x-request-timeout-ms", "+1"),
            ("x-request-timeout-ms", ""),
            ("grpc-timeout", "5"),
            ("grpc-timeout", "123456789S"),
            ("grpc-timeout", "5é"),
            ("idempotency-key", "two words"),
            ("idempotency-key", &long),
            ("x-actor", ""),
        ];
        for header in bad {
            assert_eq!(context(&[header]).unwrap_err().status(), 400, "{header:?}");
        }
    }
}
