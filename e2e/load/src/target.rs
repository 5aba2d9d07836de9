//! Where requests go, and what they look like.

use std::{io, net::SocketAddr, str::FromStr, time::Duration};

use http::{HeaderName, Uri};

/// What is asked, by the name that its results carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name in the results.
    pub name: String,
    /// Host and port, as they stand in the request's `Host`.
    pub authority: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, authority) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=HOST:PORT"))?;
        Ok(Self { name: name.to_owned(), authority: authority.to_owned() })
    }
}

impl Target {
    /// Looks the host up, once and for all: what is measured is the way of a request, not that of its name.
    pub(crate) async fn address(&self) -> io::Result<SocketAddr> {
        let mut found = tokio::net::lookup_host(&self.authority).await?;
        found.next().ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("`{}` is nowhere", self.authority))
        })
    }
}

/// What all requests have in common.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The path of a request.
    pub path: Uri,
    /// The path of one whose answer takes a while.
    pub stream_path: Uri,
    /// The header of an answer that says which version gave it.
    pub version_header: HeaderName,
    /// How long nothing may come before a request has failed.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: Uri::from_static("/"),
            stream_path: Uri::from_static("/stream"),
            version_header: HeaderName::from_static("x-version"),
            timeout: Duration::from_secs(5),
        }
    }
}
