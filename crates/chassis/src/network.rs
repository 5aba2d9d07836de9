//! Sockets: the one door through which a process listens and connects, so that tests can shut the real ones
//! out.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::net::TcpListener;

mod memory;
mod stream;
mod tcp;

use memory::{Memory, MemoryListener};
pub use stream::Stream;

/// Connections that a listener has not accepted yet; one more is refused.
const BACKLOG: u32 = 1024;

/// Where sockets come from: the operating system, or this process's memory. Clones are the same network.
#[derive(Clone, Debug)]
pub struct Network {
    kind: Kind,
    reserved: Arc<Mutex<HashMap<SocketAddr, Listener>>>,
}

#[derive(Clone, Debug)]
enum Kind {
    Tcp,
    Memory(Memory),
}

impl Network {
    /// The operating system's TCP.
    #[must_use]
    pub fn tcp() -> Self {
        Self::of(Kind::Tcp)
    }

    /// A network of its own inside this process. It is one machine: every host name and address means it, and
    /// only the port tells listeners apart. Port 0 gives the same ports in the same order in every run.
    #[must_use]
    pub fn memory() -> Self {
        Self::of(Kind::Memory(Memory::default()))
    }

    /// Listens on `address`; port 0 takes a free port, which [`Listener::local_addr`] tells.
    ///
    /// # Errors
    /// The kind is [`io::ErrorKind::AddrInUse`] where another listener has the port.
    ///
    /// # Panics
    /// Outside a Tokio runtime, with [`tcp`](Self::tcp).
    pub fn listen(&self, address: SocketAddr) -> io::Result<Listener> {
        if let Some(listener) = self.reserved().remove(&address) {
            return Ok(listener);
        }
        match &self.kind {
            Kind::Tcp => tcp::listen(address).map(|listener| Listener(ListenerKind::Tcp(listener))),
            Kind::Memory(memory) => {
                memory.listen(address).map(|listener| Listener(ListenerKind::Memory(listener)))
            }
        }
    }

    /// Takes a port now for whoever listens on it later, so that others can be told where before it does: the
    /// next [`listen`](Self::listen) on the address that is returned gets it. Connections made meanwhile
    /// wait.
    ///
    /// # Errors
    /// Those of [`listen`](Self::listen).
    ///
    /// # Panics
    /// Outside a Tokio runtime, with [`tcp`](Self::tcp).
    pub fn reserve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = self.listen(address)?;
        let address = listener.local_addr()?;
        self.reserved().insert(address, listener);
        Ok(address)
    }

    fn of(kind: Kind) -> Self {
        Self { kind, reserved: Arc::default() }
    }

    fn reserved(&self) -> MutexGuard<'_, HashMap<SocketAddr, Listener>> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to `authority`, a `host:port`.
    ///
    /// # Errors
    /// The kind is [`io::ErrorKind::ConnectionRefused`] where nobody listens.
    pub async fn connect(&self, authority: &str) -> io::Result<Stream> {
        match &self.kind {
            Kind::Tcp => tcp::connect(authority).await.map(Stream::from),
            Kind::Memory(memory) => memory.connect(authority).map(Stream::from),
        }
    }
}

/// Accepts connections on one address until it is dropped, which frees the port.
#[derive(Debug)]
pub struct Listener(ListenerKind);

#[derive(Debug)]
enum ListenerKind {
    Tcp(TcpListener),
    Memory(MemoryListener),
}

impl Listener {
    /// The address, with the port that was taken where port 0 was asked for.
    ///
    /// # Errors
    /// Whatever the operating system answers; a listener that lives has an address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            ListenerKind::Tcp(listener) => listener.local_addr(),
            ListenerKind::Memory(listener) => Ok(listener.local_addr()),
        }
    }

    /// The next connection and its peer's address. Cancel safe. A failing accept (no file descriptors left, a
    /// peer that is gone already) is waited out, never returned: a server has nothing better to do about it.
    pub async fn accept(&mut self) -> (Stream, SocketAddr) {
        match &mut self.0 {
            ListenerKind::Tcp(listener) => {
                let (stream, peer) = tcp::accept(listener).await;
                (stream.into(), peer)
            }
            ListenerKind::Memory(listener) => {
                let (stream, peer) = listener.accept().await;
                (stream.into(), peer)
            }
        }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        Listener::accept(self).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Listener::local_addr(self)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::testing::ANY_PORT;

    async fn an_echo_comes_back_over(network: Network) {
        let mut listener = network.listen(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = network.connect(&address.to_string()).await.unwrap();
        let (mut server, _) = listener.accept().await;
        client.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        server.read_exact(&mut heard).await.unwrap();
        server.write_all(&heard).await.unwrap();
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
    }

    async fn a_taken_port_is_recognised_over(network: Network) {
        let listener = network.listen(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(network.listen(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(listener);
        network.listen(address).unwrap();
    }

    #[tokio::test]
    async fn a_reserved_port_is_kept_for_the_one_who_listens_on_it_next() {
        for network in [Network::tcp(), Network::memory()] {
            let address = network.reserve(ANY_PORT).unwrap();
            let early = network.connect(&address.to_string()).await.unwrap();
            let mut listener = network.listen(address).unwrap();
            listener.accept().await;
            assert_eq!(network.listen(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
            drop(early);
        }
    }

    async fn nobody_listening_is_refused_over(network: Network) {
        let address = network.listen(ANY_PORT).unwrap().local_addr().unwrap();
        let error = network.connect(&address.to_string()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn bytes_travel_both_ways() {
        an_echo_comes_back_over(Network::tcp()).await;
        an_echo_comes_back_over(Network::memory()).await;
    }

    #[tokio::test]
    async fn a_port_in_use_is_recognised_and_free_again_after_the_listener() {
        a_taken_port_is_recognised_over(Network::tcp()).await;
        a_taken_port_is_recognised_over(Network::memory()).await;
    }

    #[tokio::test]
    async fn a_port_without_a_listener_refuses() {
        nobody_listening_is_refused_over(Network::tcp()).await;
        nobody_listening_is_refused_over(Network::memory()).await;
    }

    #[tokio::test]
    async fn in_memory_a_full_backlog_refuses() {
        let network = Network::memory();
        let listener = network.listen(ANY_PORT).unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let mut held = Vec::new();
        for _ in 0..BACKLOG {
            held.push(network.connect(&authority).await.unwrap());
        }
        let error = network.connect(&authority).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn in_memory_every_host_name_is_this_machine() {
        let network = Network::memory();
        let listener = network.listen(SocketAddr::from(([0, 0, 0, 0], 80))).unwrap();
        network.connect("customers:80").await.unwrap();
        network.connect("[::1]:80").await.unwrap();
        drop(listener);
    }
}
