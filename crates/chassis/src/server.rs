//! An HTTP/1 server that stops gracefully.

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};

use crate::{
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

/// Serves a router on a listener.
#[derive(Debug)]
pub struct Server {
    router: Router,
    listener: Listener,
    limits: Limits,
    connections: Connections,
}

impl Server {
    /// A server that accepts connections once it runs; until then they wait in the listener's backlog.
    #[must_use]
    pub fn new(router: Router, listener: Listener, limits: Limits) -> Self {
        Server { router, listener, limits, connections: Connections::default() }
    }

    /// Counts its connections.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connections.clone()
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
                    let (router, limits) = (self.router.clone(), self.limits.clone());
                    let kept = (place, self.connections.opened());
                    connections.spawn(serve(stream, router, limits, drain.clone(), kept));
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
}

/// The next connection, once there is a place for it.
async fn accept(listener: &mut Listener, places: &Arc<Semaphore>) -> (Stream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there always is a place in the end.
    let place = places.clone().acquire_owned().await.ok();
    let (stream, _peer) = listener.accept().await;
    (stream, place)
}

async fn serve(
    stream: Stream,
    router: Router,
    limits: Limits,
    drain: Drain,
    _kept: (Option<OwnedSemaphorePermit>, Open),
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = drain.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that goes away or talks nonsense; nothing of ours failed.
        tracing::debug!(%error, "connection ended");
    }
}

#[cfg(test)]
mod tests;
