//! Where a part of the system is reached.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

use axum::http::Uri;

/// An `http://host:port`, perhaps with a path under which everything is; without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

/// A text that is no [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address looks like http://127.0.0.1:8080")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let uri: Uri = text.parse().map_err(|_| NotAnAddress)?;
        let reachable = uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
        if reachable && uri.query().is_none() {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(NotAnAddress)
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Address {
    /// A port on this machine.
    pub(super) fn here(port: u16) -> Self {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let uri = self.0.parse::<Uri>().ok();
        uri.as_ref()
            .and_then(Uri::host)
            .is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"))
    }

    /// The port, 80 where none is named.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.parse::<Uri>().ok().and_then(|uri| uri.port_u16()).unwrap_or(80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_does_not_matter() {
        assert_eq!("http://127.0.0.1:8080/".parse::<Address>().unwrap().to_string(), "http://127.0.0.1:8080");
        assert_eq!("http://gateway".parse::<Address>().unwrap().port(), 80);
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for text in ["", "8080", "127.0.0.1:8080", "https://example.org", "http://", "http://host?x=1"] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text}");
        }
    }
}
