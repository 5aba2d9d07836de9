//! `Prefer: wait=N` (RFC 7240): how long the caller would like to wait for an outcome.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, request::Parts},
};

/// Nobody is made to wait longer.
pub const MAX_WAIT: Duration = Duration::from_secs(30);

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What the caller prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefer {
    /// How long to wait, at most [`MAX_WAIT`]; `None` where the caller says nothing that can be understood,
    /// which by the RFC is no error.
    pub wait: Option<Duration>,
}

impl<S: Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Prefer { wait: wait(&parts.headers) })
    }
}

/// Of a preference that is given twice the first counts, even if it is malformed.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    let value = preferences.find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim())
    })?;
    let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    if unquoted.is_empty() || !unquoted.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // So many digits that they are no number are more than the most, too.
    let seconds = unquoted.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds).min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_seconds(values: &[&str]) -> Option<u64> {
        let headers = values.iter().map(|value| (PREFER, value.parse().unwrap())).collect();
        wait(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_whole_seconds_up_to_the_most() {
        assert_eq!(wait_seconds(&["wait=0"]), Some(0));
        assert_eq!(wait_seconds(&["wait=30"]), Some(30));
        assert_eq!(wait_seconds(&["wait=31"]), Some(30));
        assert_eq!(wait_seconds(&["wait=99999999999999999999999"]), Some(30));
    }

    #[test]
    fn it_is_found_among_other_preferences() {
        assert_eq!(wait_seconds(&["respond-async, WAIT = 10; foo=bar, handling=lenient"]), Some(10));
        assert_eq!(wait_seconds(&["return=minimal", "wait=\"7\""]), Some(7));
    }

    #[test]
    fn of_two_the_first_counts() {
        assert_eq!(wait_seconds(&["wait=1, wait=2"]), Some(1));
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for value in ["", "wait", "wait=", "wait=-1", "wait=+1", "wait=1.5", "wait=soon", "waiting=3"] {
            assert_eq!(wait_seconds(&[value]), None, "{value}");
        }
    }
}
