//! An HTTP server that stops gracefully, without a request lost on the way. It speaks HTTP/1, and HTTP/2 with whoever begins with it (prior knowledge, RFC 9113 §3.3).
//!
//! A connection is never closed under a request. A client that keeps one would not know that the server is about to close it,
//! and send into nothing; so an answer says that it is the last one (`Connection: close`, RFC 9112 §9.6), after which no client sends another request
//! over it. That is so for the first answer of a connection that has grown old, and for every answer from when the server
//! [leaves](Server::leaving) until it drains. Only then is what is idle still closed. In HTTP/2 a GOAWAY says it, at those same moments.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::Router;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};

use crate::{
    ids::Random,
    limits::Limits,
    network::{Listener, Stream},
    shutdown::Drain,
};

/// The connections of a server. Clones count the same.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU64,
    aborted: AtomicU64,
}

impl Connections {
    /// How many are open.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.0.open.load(Relaxed)
    }

    /// How many were aborted, since their requests were not done when the drain had to end.
    #[must_use]
    pub fn aborted(&self) -> u64 {
        self.0.aborted.load(Relaxed)
    }

    /// One more is open, until what this answers is dropped.
    fn opened(&self) -> Open {
        self.0.open.fetch_add(1, Relaxed);
        Open(self.clone())
    }
}

/// A connection that is open.
struct Open(Connections);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Relaxed);
    }
}

mod connection;
mod preface;
mod streams;

use connection::Leaving;

/// Serves a router on a listener.
#[derive(Debug)]
pub struct Server {
    router: Router,
    listener: Listener,
    limits: Limits,
    connections: Connections,
    leaving: Option<Drain>,
    random: Option<Random>,
}

impl Server {
    /// A server that accepts connections once it runs; until then they wait in the listener's backlog.
    #[must_use]
    pub fn new(router: Router, listener: Listener, limits: Limits) -> Self {
        Server { router, listener, limits, connections: Connections::default(), leaving: None, random: None }
    }

    /// Counts its connections.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// From when `leaving` asks for it every answer ends its connection, though new ones are taken as before: for the while in
    /// which load balancers still send requests.
    #[must_use]
    pub fn leaving(self, leaving: Drain) -> Self {
        Server { leaving: Some(leaving), ..self }
    }

    /// Connections that were opened together do not end together: each gets another age, by chance, within a tenth of
    /// [`Limits::connection_age`].
    #[must_use]
    pub fn aging(self, random: Random) -> Self {
        Server { random: Some(random), ..self }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Whatever the operating system answers; a listener that lives has an address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `drain`, then closes the listener, lets requests in flight finish within
    /// [`Limits::drain`], and aborts the rest. Connections close as soon as they are idle; an answer that
    /// streams must end by itself.
    pub async fn run(mut self, drain: Drain) {
        let places = Arc::new(Semaphore::new(self.limits.connections.min(Semaphore::MAX_PERMITS)));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = drain.requested() => break,
                // Forgets connections that have ended, so that the set does not grow.
                Some(_) = connections.join_next() => {}
                (stream, place) = accept(&mut self.listener, &places) => {
                    let kept = (place, self.connections.opened());
                    let (router, leaving) = (self.router.clone(), self.leaving_of_one());
                    let served = connection::serve(stream, router, self.limits.header_read, leaving, drain.clone());
                    connections.spawn(async move {
                        let _kept = kept;
                        served.await;
                    });
                }
            }
        }
        drop(self.listener);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if timeout(self.limits.drain, all_ended).await.is_err() {
            tracing::warn!(connections = connections.len(), "requests are still in flight, aborting them");
            self.connections.0.aborted.fetch_add(connections.len() as u64, Relaxed);
            connections.shutdown().await;
        }
    }

    /// When a connection that begins now is to end.
    fn leaving_of_one(&self) -> Leaving {
        let part = self.random.as_ref().map_or(0.5, Random::next_fraction);
        Leaving::new(self.limits.connection_age.mul_f64(0.9 + 0.2 * part), self.leaving.clone())
    }
}

/// The next connection, once there is a place for it.
async fn accept(listener: &mut Listener, places: &Arc<Semaphore>) -> (Stream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there always is a place in the end.
    let place = places.clone().acquire_owned().await.ok();
    let (stream, _peer) = listener.accept().await;
    (stream, place)
}

#[cfg(test)]
mod tests;
