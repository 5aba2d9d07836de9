//! How long a server asks to be left alone.

use std::time::Duration;

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};

/// `Retry-After` in either of its forms. A date is held against the server's own `Date`, since the two clocks may differ; without one
/// it says nothing.
pub(super) fn of_http(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(text(headers, DATE.as_str())?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// `grpc-retry-pushback-ms`. A negative one asks never to be tried again, which is no pause.
pub(super) fn of_grpc(headers: &HeaderMap) -> Option<Duration> {
    text(headers, "grpc-retry-pushback-ms")?.parse().ok().map(Duration::from_millis)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}
