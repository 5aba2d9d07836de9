//! Which of its addresses an endpoint is called by.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// An endpoint with an address of each family must not be two endpoints. So those of one family are taken, and those of the other
/// only where the first has none at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4, if there is any.
    #[default]
    Ipv4,
    /// IPv6, if there is any.
    Ipv6,
}

impl Family {
    /// The family to take of such addresses.
    pub(super) fn among(self, mut addresses: impl Iterator<Item = SocketAddr>) -> Self {
        let other = if self == Self::Ipv4 { Self::Ipv6 } else { Self::Ipv4 };
        if addresses.any(|address| self.has(address)) { self } else { other }
    }

    pub(super) fn has(self, address: SocketAddr) -> bool {
        address.is_ipv4() == (self == Self::Ipv4)
    }
}
