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

/// `grpc-retry-pushback-ms`: a pause, and whether it asks never to be tried again, as a negative number does and one that is none
/// (gRPC's proposal A6).
pub(super) fn of_grpc(headers: &HeaderMap) -> (Option<Duration>, bool) {
    let Some(value) = headers.get("grpc-retry-pushback-ms") else { return (None, false) };
    let pause = value.to_str().ok().and_then(|text| text.trim().parse().ok()).map(Duration::from_millis);
    (pause, pause.is_none())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}
