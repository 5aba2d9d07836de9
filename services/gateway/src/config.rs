//! What the gateway is told from outside.

use std::{collections::BTreeMap, fmt, net::SocketAddr, str::FromStr, time::Duration};

use axum::http::{Uri, uri::Authority};
use chassis::{config::Env, limits::Limits};

use crate::routes::Owner;

/// What the gateway is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it serves clients; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The styles that it serves, by name, and where the services of each are.
    pub styles: BTreeMap<String, Endpoints>,
    /// The style that `/v1/…` means: one of `styles`.
    pub default_style: String,
    /// How long an owner may take to answer a client that sets no deadline: longer than a client may ask to wait.
    pub timeout: Duration,
    /// How long the answer with an order waits for its shipment and its invoice.
    pub part_timeout: Duration,
    /// The bounds of its HTTP server.
    pub limits: Limits,
}

impl Config {
    /// How long an owner may take, unless told otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(40);
    /// How long a part of an order may take, unless told otherwise.
    pub const PART_TIMEOUT: Duration = Duration::from_secs(1);

    /// A gateway to one style, with everything else as it is unless told otherwise. More styles may be inserted.
    #[must_use]
    pub fn of(listen: SocketAddr, style: &str, endpoints: Endpoints) -> Self {
        Self {
            listen,
            styles: BTreeMap::from([(style.to_owned(), endpoints)]),
            default_style: style.to_owned(),
            timeout: Self::TIMEOUT,
            part_timeout: Self::PART_TIMEOUT,
            limits: Limits::default(),
        }
    }

    /// From `LISTEN` (127.0.0.1:8080), `STYLES` (`rest`; a list with commas), `DEFAULT_STYLE` (the first of them),
    /// `OWNER_TIMEOUT_MS` (40 s), `PART_TIMEOUT_MS` (1 s), what [`Limits`] reads, and for each style `{STYLE}_CUSTOMERS_URL`,
    /// `…_ORDERING_URL`, `…_WAREHOUSE_URL`, `…_SHIPPING_URL`, `…_BILLING_URL` and, if it has a query side, `…_VIEWS_URL`, where `{STYLE}` is its name in capitals with `_` for
    /// `-`. Bad values are told by [`Env::finish`].
    pub fn from_env(env: &mut Env) -> Self {
        let names = env.or("STYLES", "rest".to_owned());
        let names: Vec<_> = names.split(',').map(|name| name.trim().to_owned()).collect();
        let first = names.first().cloned().unwrap_or_default();
        Self {
            listen: env.or("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8080))),
            default_style: env.or("DEFAULT_STYLE", first),
            timeout: env.duration("OWNER_TIMEOUT_MS", Self::TIMEOUT),
            part_timeout: env.duration("PART_TIMEOUT_MS", Self::PART_TIMEOUT),
            limits: Limits::from_env(env),
            styles: names
                .into_iter()
                .filter_map(|name| Some((name.clone(), Endpoints::from_env(env, &name)?)))
                .collect(),
        }
    }
}

/// Where the services of one style are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Customers.
    pub customers: Origin,
    /// Ordering.
    pub ordering: Origin,
    /// Warehouse.
    pub warehouse: Origin,
    /// Shipping.
    pub shipping: Origin,
    /// Billing.
    pub billing: Origin,
    /// The query side, in a style that has one.
    pub views: Option<Origin>,
}

impl Endpoints {
    pub(crate) fn of(&self, owner: Owner) -> &Origin {
        match owner {
            Owner::Customers => &self.customers,
            Owner::Ordering => &self.ordering,
            Owner::Warehouse => &self.warehouse,
            Owner::Shipping => &self.shipping,
            Owner::Billing => &self.billing,
            // Where there are none, ordering lists its orders, and nobody asks for anything else.
            Owner::Views => self.views.as_ref().unwrap_or(&self.ordering),
        }
    }

    /// `None` if a variable is bad, of which `env` tells.
    fn from_env(env: &mut Env, style: &str) -> Option<Self> {
        let prefix = style.to_ascii_uppercase().replace('-', "_");
        let mut origin = |service: &str| env.required(&format!("{prefix}_{service}_URL")).ok();
        let (customers, ordering) = (origin("CUSTOMERS"), origin("ORDERING"));
        let (warehouse, shipping, billing) = (origin("WAREHOUSE"), origin("SHIPPING"), origin("BILLING"));
        let views = env.optional(&format!("{prefix}_VIEWS_URL"));
        Some(Self {
            customers: customers?,
            ordering: ordering?,
            warehouse: warehouse?,
            shipping: shipping?,
            billing: billing?,
            views,
        })
    }
}

/// Where one service is: `http://host:port`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Authority);

impl Origin {
    pub(crate) fn authority(&self) -> &Authority {
        &self.0
    }
}

/// Not a URL with nothing but a host and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL such as http://ordering:8080")]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(url: &str) -> Result<Self, NotAnOrigin> {
        let url: Uri = url.parse().map_err(|_| NotAnOrigin)?;
        let bare = url.scheme_str() == Some("http") && url.path() == "/" && url.query().is_none();
        let authority = url.into_parts().authority.filter(|host| bare && !host.as_str().contains('@'));
        authority.map(Self).ok_or(NotAnOrigin)
    }
}

impl TryFrom<SocketAddr> for Origin {
    type Error = NotAnOrigin;

    fn try_from(address: SocketAddr) -> Result<Self, NotAnOrigin> {
        format!("http://{address}").parse()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_has_its_own_services_and_the_first_is_the_default() {
        let mut env = Env::from([
            ("STYLES", "state-transfer, rest"),
            ("REST_CUSTOMERS_URL", "http://customers"),
            ("REST_ORDERING_URL", "http://ordering:81/"),
            ("REST_WAREHOUSE_URL", "http://warehouse"),
            ("REST_SHIPPING_URL", "http://shipping"),
            ("REST_BILLING_URL", "http://billing"),
            ("STATE_TRANSFER_CUSTOMERS_URL", "http://[::1]:82"),
            ("STATE_TRANSFER_ORDERING_URL", "http://10.0.0.2:82"),
            ("STATE_TRANSFER_WAREHOUSE_URL", "http://10.0.0.3:82"),
            ("STATE_TRANSFER_SHIPPING_URL", "http://10.0.0.4:82"),
            ("STATE_TRANSFER_BILLING_URL", "http://10.0.0.5:82"),
        ]);
        let config = Config::from_env(&mut env);
        env.finish().unwrap();
        assert_eq!(config.default_style, "state-transfer");
        assert_eq!(config.styles["rest"].ordering.to_string(), "http://ordering:81");
        assert_eq!(config.styles["state-transfer"].customers.to_string(), "http://[::1]:82");
    }

    #[test]
    fn every_service_that_is_missing_is_named() {
        let mut env = Env::from([("REST_ORDERING_URL", "https://ordering")]);
        let _ = Config::from_env(&mut env);
        let named: Vec<_> = env.finish().unwrap_err().variables.into_iter().map(|bad| bad.name).collect();
        let services = ["CUSTOMERS", "ORDERING", "WAREHOUSE", "SHIPPING", "BILLING"];
        assert_eq!(named, services.map(|service| format!("REST_{service}_URL")));
    }

    #[test]
    fn an_origin_is_a_host_and_a_port_and_nothing_else() {
        for bad in
            ["ordering:80", "https://ordering", "http://ordering/v1", "http://a@ordering", "http://o?x=1", ""]
        {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
