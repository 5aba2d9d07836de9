//! Which servers other than the pods may be asked.

use std::{fmt, str::FromStr};

use http::Uri;

/// The servers that gates may ask besides the pods: none unless somebody who runs the operator allows them, since they are asked from
/// where the operator stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateHosts(Vec<Host>);

/// `prometheus`, `prometheus:9090`, `*.monitoring.svc`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    name: Name,
    /// Any, if none is said.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    /// Ends with a dot and this.
    Below(String),
    Is(String),
}

/// A text is no list of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHost(String);

impl fmt::Display for InvalidHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "`{}` is no host such as `prometheus`, `prometheus:9090`, `*.monitoring.svc` or `*`",
            self.0
        )
    }
}

impl std::error::Error for InvalidHost {}

impl GateHosts {
    /// Whether this address may be asked. One that carries a name or password may not: a specification is no place for secrets.
    #[must_use]
    pub fn allow(&self, uri: &Uri) -> bool {
        let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
            return false;
        };
        let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(usual);
        self.0.iter().any(|host| host.is(&name, port))
    }
}

impl Host {
    fn is(&self, name: &str, port: u16) -> bool {
        let named = match &self.name {
            Name::Any => true,
            Name::Below(parent) => name.strip_suffix(parent.as_str()).is_some_and(|own| own.ends_with('.')),
            Name::Is(own) => own == name,
        };
        named && self.port.is_none_or(|own| own == port)
    }
}

/// Several are separated by commas.
impl FromStr for GateHosts {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
        hosts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let invalid = || InvalidHost(text.chars().take(64).collect());
        // An IPv6 address has colons of its own, within brackets.
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().map_err(|_| invalid())?)),
            _ => (text, None),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_plain = |name: &str| {
            let sign = |sign: char| sign.is_ascii_alphanumeric() || "-_.[]:".contains(sign);
            !name.is_empty() && name.chars().all(sign)
        };
        let name = match name.strip_prefix("*.") {
            _ if name == "*" => Name::Any,
            Some(parent) if is_plain(parent) => Name::Below(parent.to_owned()),
            None if is_plain(&name) => Name::Is(name),
            _ => return Err(invalid()),
        };
        Ok(Self { name, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(hosts: &str, uri: &str) -> bool {
        hosts.parse::<GateHosts>().unwrap().allow(&uri.parse().unwrap())
    }

    #[test]
    fn only_what_is_named_may_be_asked() {
        assert!(!allowed("", "http://prometheus:9090"));
        assert!(allowed("prometheus", "http://prometheus:9090/base"));
        assert!(allowed("prometheus:9090, other", "http://Prometheus.:9090"));
        assert!(!allowed("prometheus:9090", "http://prometheus"));
        assert!(allowed("prometheus:443", "https://prometheus"));
        assert!(!allowed("prometheus", "http://prometheus.evil.example"));
        assert!(!allowed("prometheus", "http://notprometheus"));
        assert!(allowed("[::1]:9090", "http://[::1]:9090"));
    }

    #[test]
    fn a_star_stands_for_what_is_below_a_name_and_alone_for_everything() {
        assert!(allowed("*.monitoring.svc", "http://prometheus.monitoring.svc:9090"));
        assert!(!allowed("*.monitoring.svc", "http://monitoring.svc"));
        assert!(!allowed("*.monitoring.svc", "http://xmonitoring.svc"));
        assert!(allowed("*", "https://anybody"));
    }

    #[test]
    fn an_address_with_a_password_is_never_asked() {
        assert!(!allowed("*", "http://prometheus@evil.example"));
    }

    #[test]
    fn what_is_no_host_is_refused_in_a_sentence() {
        for text in ["http://prometheus", "a b", "prometheus:port", "*.*", "a/b"] {
            let refused = text.parse::<GateHosts>().expect_err(text).to_string();
            assert!(refused.contains("is no host such as"), "{refused}");
        }
    }
}
