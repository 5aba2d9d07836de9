//! The network of one process: listeners by port, connections as pairs of buffers.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{io::DuplexStream, sync::mpsc};

use super::BACKLOG;

/// Bytes in flight in each direction of a connection.
const BUFFER: usize = 64 * 1024;

/// The first port given to a listener that asks for port 0.
const FIRST_EPHEMERAL: u16 = 49_152;

/// One machine. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<Ports>>);

#[derive(Debug, Default)]
struct Ports {
    listening: HashMap<u16, mpsc::Sender<Arrival>>,
    /// How many ephemeral ports were given, counted around.
    given: u16,
    /// How many connections there were, counted around.
    connections: u16,
}

/// The server's end of a connection, and the client's address.
type Arrival = (DuplexStream, SocketAddr);

impl Memory {
    pub(super) fn listen(&self, address: SocketAddr) -> io::Result<MemoryListener> {
        let mut ports = self.ports();
        let port = if address.port() == 0 { ports.next_free()? } else { address.port() };
        if ports.listening.contains_key(&port) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, arrivals) = mpsc::channel(BACKLOG as usize);
        ports.listening.insert(port, sender);
        Ok(MemoryListener { address: SocketAddr::new(address.ip(), port), arrivals, network: self.clone() })
    }

    pub(super) fn connect(&self, authority: &str) -> io::Result<DuplexStream> {
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let port: u16 =
            port.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no port in the authority"))?;
        let mut ports = self.ports();
        ports.connections = ports.connections.wrapping_add(1);
        let client = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ports.connections);
        let (near, far) = tokio::io::duplex(BUFFER);
        let listening = ports.listening.get(&port).ok_or(io::ErrorKind::ConnectionRefused)?;
        listening.try_send((far, client)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(near)
    }

    fn ports(&self) -> MutexGuard<'_, Ports> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ports {
    fn next_free(&mut self) -> io::Result<u16> {
        let range = u16::MAX - FIRST_EPHEMERAL;
        for _ in 0..=range {
            let port = FIRST_EPHEMERAL + self.given;
            self.given = if self.given == range { 0 } else { self.given + 1 };
            if !self.listening.contains_key(&port) {
                return Ok(port);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

/// Frees its port when it is dropped.
#[derive(Debug)]
pub(super) struct MemoryListener {
    address: SocketAddr,
    arrivals: mpsc::Receiver<Arrival>,
    network: Memory,
}

impl MemoryListener {
    pub(super) fn local_addr(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn accept(&mut self) -> Arrival {
        match self.arrivals.recv().await {
            Some(arrival) => arrival,
            // The sender lives in the network until this listener is dropped.
            None => std::future::pending().await,
        }
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.network.ports().listening.remove(&self.address.port());
    }
}
