//! A server on loopback that answers as it is told to.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mesh::retry::ATTEMPT_HEADER;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::Failure;

/// How many requests a server works on at a time, unless it is told otherwise.
pub(super) const PLACES: u32 = 4;
/// How long it works on each while it is well.
pub(super) const WORK: Duration = Duration::from_millis(5);

/// A server, which runs for as long as this is held.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    behaviour: Arc<Behaviour>,
    _tasks: JoinSet<()>,
}

struct Behaviour {
    places: Semaphore,
    work_micros: AtomicU64,
    /// Of 100 requests so many fail.
    failing: AtomicU32,
    asked: Mutex<Vec<Asked>>,
}

/// A request that has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) at: Instant,
    /// Whether it is another attempt of a call.
    pub(super) again: bool,
}

impl Upstream {
    #[expect(clippy::disallowed_methods, reason = "real servers are what this is about")]
    pub(super) async fn start(places: u32) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let behaviour = Arc::new(Behaviour {
            places: Semaphore::new(places as usize),
            work_micros: AtomicU64::new(micros(WORK)),
            failing: AtomicU32::new(0),
            asked: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&behaviour)));
        Ok(Self { address, behaviour, _tasks: tasks })
    }

    /// Works so many times as long on each request.
    pub(super) fn slower(&self, times: u32) {
        self.behaviour.work_micros.store(micros(WORK * times), Relaxed);
    }

    /// Answers 503 to so many of 100 requests.
    pub(super) fn fails(&self, of_100: u32) {
        self.behaviour.failing.store(of_100, Relaxed);
    }

    /// All that it was asked.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.behaviour.asked().clone()
    }
}

impl Behaviour {
    fn asked(&self) -> std::sync::MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let again = request.headers().contains_key(ATTEMPT_HEADER);
        let number = {
            let mut asked = self.asked();
            asked.push(Asked { at: Instant::now(), again });
            asked.len()
        };
        let mut response = Response::new(Empty::new());
        // Spread evenly, so that a run is like another.
        if number * 37 % 100 < self.failing.load(Relaxed) as usize {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(response);
        }
        let _place = self.places.acquire().await;
        sleep(Duration::from_micros(self.work_micros.load(Relaxed))).await;
        Ok(response)
    }
}

async fn accept(listener: TcpListener, behaviour: Arc<Behaviour>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&behaviour)));
    }
}

async fn serve(stream: TcpStream, behaviour: Arc<Behaviour>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let behaviour = Arc::clone(&behaviour);
        async move { behaviour.answer(request).await }
    });
    // A client that goes away is no concern of the server's.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
