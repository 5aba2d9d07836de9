//! Sockets: the one door through which a process listens and connects, so that tests can shut the real ones out.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
};

/// Connections that a listener has not accepted yet; one more is refused.
const BACKLOG: u32 = 1024;

/// Bytes in flight in each direction of an in-memory connection.
const MEMORY_BUFFER: usize = 64 * 1024;

/// The first port given to an in-memory listener that asks for port 0.
const FIRST_EPHEMERAL: u16 = 49_152;

/// Where sockets come from: the operating system, or this process's memory.
#[derive(Clone, Debug)]
pub struct Network(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Tcp,
    Memory(Arc<Mutex<Ports>>),
}

impl Network {
    /// The operating system's TCP.
    #[must_use]
    pub fn tcp() -> Self {
        Network(Kind::Tcp)
    }

    /// A network of its own inside this process. It is one machine: every host name and address means it, and only
    /// the port tells listeners apart. Port 0 gives the same ports in the same order in every run.
    #[must_use]
    pub fn memory() -> Self {
        Network(Kind::Memory(Arc::default()))
    }

    /// Listens on `address`; port 0 takes a free port, which [`Listener::local_addr`] tells.
    ///
    /// # Errors
    /// The kind is [`io::ErrorKind::AddrInUse`] where another listener has the port.
    pub fn listen(&self, address: SocketAddr) -> io::Result<Listener> {
        match &self.0 {
            Kind::Tcp => listen_tcp(address).map(|listener| Listener(ListenerKind::Tcp(listener))),
            Kind::Memory(ports) => listen_memory(ports, address),
        }
    }

    /// Connects to `authority`, a `host:port`.
    ///
    /// # Errors
    /// The kind is [`io::ErrorKind::ConnectionRefused`] where nobody listens.
    pub async fn connect(&self, authority: &str) -> io::Result<Stream> {
        match &self.0 {
            Kind::Tcp => connect_tcp(authority).await.map(|stream| Stream(StreamKind::Tcp(stream))),
            Kind::Memory(ports) => connect_memory(ports, authority),
        }
    }
}

fn listen_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart need not wait for the last run's connections to leave TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[expect(clippy::disallowed_methods, reason = "this is the door that everybody else goes through")]
async fn connect_tcp(authority: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The listeners of an in-memory network.
#[derive(Debug, Default)]
struct Ports {
    listening: HashMap<u16, mpsc::Sender<(DuplexStream, SocketAddr)>>,
    given: u16,
    connections: u16,
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

fn locked(ports: &Mutex<Ports>) -> MutexGuard<'_, Ports> {
    ports.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen_memory(ports: &Arc<Mutex<Ports>>, address: SocketAddr) -> io::Result<Listener> {
    let mut locked = locked(ports);
    let port = if address.port() == 0 { locked.next_free()? } else { address.port() };
    if locked.listening.contains_key(&port) {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let (sender, arrivals) = mpsc::channel(BACKLOG as usize);
    locked.listening.insert(port, sender);
    let address = SocketAddr::new(address.ip(), port);
    Ok(Listener(ListenerKind::Memory(MemoryListener { address, arrivals, ports: ports.clone() })))
}

fn connect_memory(ports: &Mutex<Ports>, authority: &str) -> io::Result<Stream> {
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let port = port.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no port in the authority"))?;
    let mut locked = locked(ports);
    locked.connections = locked.connections.wrapping_add(1);
    let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), locked.connections);
    let (near, far) = tokio::io::duplex(MEMORY_BUFFER);
    let listening = locked.listening.get(&port).ok_or(io::ErrorKind::ConnectionRefused)?;
    listening.try_send((far, peer)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
    Ok(Stream(StreamKind::Memory(near)))
}

/// Accepts connections on one address until it is dropped, which frees the port.
#[derive(Debug)]
pub struct Listener(ListenerKind);

#[derive(Debug)]
enum ListenerKind {
    Tcp(TcpListener),
    Memory(MemoryListener),
}

#[derive(Debug)]
struct MemoryListener {
    address: SocketAddr,
    arrivals: mpsc::Receiver<(DuplexStream, SocketAddr)>,
    ports: Arc<Mutex<Ports>>,
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        locked(&self.ports).listening.remove(&self.address.port());
    }
}

impl Listener {
    /// The address, with the port that was taken where port 0 was asked for.
    ///
    /// # Errors
    /// Whatever the operating system answers; a listener that lives has an address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            ListenerKind::Tcp(listener) => listener.local_addr(),
            ListenerKind::Memory(listener) => Ok(listener.address),
        }
    }

    /// The next connection and its peer's address. A failing accept (no file descriptors left, a peer that is gone
    /// already) is waited out, never returned: a server has nothing better to do about it.
    pub async fn accept(&mut self) -> (Stream, SocketAddr) {
        match &mut self.0 {
            ListenerKind::Tcp(listener) => accept_tcp(listener).await,
            ListenerKind::Memory(listener) => match listener.arrivals.recv().await {
                Some((stream, peer)) => (Stream(StreamKind::Memory(stream)), peer),
                // The sender lives in the registry until this listener is dropped.
                None => std::future::pending().await,
            },
        }
    }
}

async fn accept_tcp(listener: &TcpListener) -> (Stream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole, so waiting for more to send only delays them; a socket that refuses
                // the option is gone, which its first read tells.
                let _ = stream.set_nodelay(true);
                return (Stream(StreamKind::Tcp(stream)), peer);
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections, trying again in a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
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

/// One connection.
#[derive(Debug)]
pub struct Stream(StreamKind);

#[derive(Debug)]
enum StreamKind {
    Tcp(TcpStream),
    Memory(DuplexStream),
}

/// Runs one poll function on whichever stream it is.
macro_rules! delegate {
    ($self:ident.$poll:ident($($argument:expr),*)) => {
        match &mut $self.get_mut().0 {
            StreamKind::Tcp(stream) => Pin::new(stream).$poll($($argument),*),
            StreamKind::Memory(stream) => Pin::new(stream).$poll($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self.poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            StreamKind::Tcp(stream) => stream.is_write_vectored(),
            StreamKind::Memory(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.poll_shutdown(cx))
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

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
