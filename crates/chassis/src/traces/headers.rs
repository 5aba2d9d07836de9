//! Headers for the collector, as the environment tells them: `name=value,other=value`.

use std::{collections::HashMap, fmt, str::FromStr};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that every request to the collector carries: a key, often.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(HeaderMap);

impl Headers {
    pub(super) const fn map(&self) -> &HeaderMap {
        &self.0
    }

    /// The same as text, of which each is shown to be.
    pub(super) fn pairs(&self) -> HashMap<String, String> {
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.to_string(), value.to_str().ok()?.to_owned()))
        };
        self.0.iter().filter_map(text).collect()
    }
}

/// Their values are secrets.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromStr for Headers {
    type Err = NotHeaders;

    fn from_str(text: &str) -> Result<Self, NotHeaders> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs(text).ok_or(NotHeaders)? {
            let name = HeaderName::try_from(name).map_err(|_| NotHeaders)?;
            let mut value = HeaderValue::try_from(value).map_err(|_| NotHeaders)?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(Self(headers))
    }
}

/// Not a list of headers; which part is not told, since it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a list such as `name=value,other=value`, with what is special percent-encoded")]
pub struct NotHeaders;

/// `a=1,b=2`, with values percent-encoded: how OpenTelemetry's variables write lists.
pub(super) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            let name = name.trim();
            (!name.is_empty()).then_some((name.to_owned(), decoded(value.trim())?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_its_values_are_not_shown() {
        let headers: Headers = "api-key=hunter2, authorization=Basic%20aGk%3D,".parse().unwrap();
        assert_eq!(headers.map()["authorization"], "Basic aGk=");
        assert_eq!(format!("{headers:?}"), r#"{"api-key", "authorization"}"#);
        assert!(!format!("{:?}", headers.map()).contains("hunter2"));
    }

    #[test]
    fn what_is_no_list_of_headers_is_refused() {
        for bad in ["api-key", "=1", "api key=1", "a=%zz", "a=%4", "a=\u{7f}"] {
            assert_eq!(bad.parse::<Headers>(), Err(NotHeaders), "{bad}");
        }
    }
}
