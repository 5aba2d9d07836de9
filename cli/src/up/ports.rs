//! The two ports that the world knows.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use chassis::network::Network;

use super::Error;

/// Where the world finds the system; taken, so that nobody else gets them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) gateway: SocketAddr,
    pub(super) admin: SocketAddr,
}

impl Ports {
    pub(super) fn take(network: &Network, gateway: u16, admin: u16) -> Result<Self, Error> {
        Ok(Self { gateway: take(network, gateway, "port")?, admin: take(network, admin, "admin-port")? })
    }
}

fn take(network: &Network, port: u16, flag: &'static str) -> Result<SocketAddr, Error> {
    network.reserve(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { port, flag },
        _ => Error::Listen { port, source },
    })
}
