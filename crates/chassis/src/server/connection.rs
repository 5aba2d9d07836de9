//! One connection, and which of its answers is the last.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, header::CONNECTION},
};
use hyper::{
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use tower::ServiceExt;

use super::{
    preface::{Begun, Version},
    streams::Streams,
};
use crate::{network::Stream, shutdown::Drain};

/// What a client may ask at a time over one connection of HTTP/2; more waits at the client.
const STREAMS: u32 = 128;
/// How often a connection of HTTP/2 is asked whether there still is somebody, and how long the answer may take.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// When a connection is to end.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    old_at: Instant,
    server: Option<Drain>,
}

impl Leaving {
    /// At this age, or when the server leaves.
    pub(super) fn new(age: Duration, server: Option<Drain>) -> Self {
        Self { old_at: Instant::now() + age, server }
    }

    #[cfg(test)]
    pub(super) fn old_at(&self) -> Instant {
        self.old_at
    }

    /// Waits until it is.
    async fn due(&self) {
        let server = async {
            match &self.server {
                Some(server) => server.requested().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = server => {}
            () = tokio::time::sleep_until(self.old_at) => {}
        }
    }

    fn is_due(&self) -> bool {
        self.server.as_ref().is_some_and(Drain::is_requested) || Instant::now() >= self.old_at
    }
}

/// Serves until the client or an answer ends the connection, or `drain` is asked for: then what is being asked is answered.
pub(super) async fn serve(
    stream: Stream,
    router: Router,
    header_read: Duration,
    leaving: Leaving,
    drain: Drain,
) {
    let mut stream = Begun::new(stream);
    let began = tokio::select! {
        biased;
        began = timeout(header_read, stream.more()) => began,
        // Nothing was asked.
        () = drain.requested() => return,
    };
    let Ok(Ok(true)) = began else { return };
    let Ok(Ok(version)) = timeout(header_read, stream.version()).await else { return };
    let ended = match version {
        Version::One => one(stream, router, header_read, leaving, drain).await,
        Version::Two => two(stream, router, leaving, drain).await,
    };
    if let Err(error) = ended {
        // A client that goes away or talks nonsense; nothing of ours failed.
        tracing::debug!(%error, "connection ended");
    }
}

/// HTTP/1: the answer after which it ends says so.
async fn one(
    stream: Begun,
    router: Router,
    header_read: Duration,
    leaving: Leaving,
    drain: Drain,
) -> hyper::Result<()> {
    let answer = service_fn(|request| {
        let answered = router.clone().oneshot(request);
        let leaving = leaving.clone();
        async move {
            let mut answer = answered.await?;
            if leaving.is_due() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        () = drain.requested() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// HTTP/2: a GOAWAY says that it ends, and what was sent before that was heard is answered. To a connection that begins when the server leaves already, it is
/// said after its first answer: said before, many a client would take it that it could not connect.
async fn two(stream: Begun, router: Router, leaving: Leaving, drain: Drain) -> hyper::Result<()> {
    let (late, answered) = (leaving.is_due(), Arc::new(Notify::new()));
    let first = Arc::clone(&answered);
    let answer = service_fn(move |request| {
        let (answer, answered) = (router.clone().oneshot(request), Arc::clone(&answered));
        async move {
            let answer = answer.await;
            answered.notify_one();
            answer
        }
    });
    let connection = http2::Builder::new(Streams::default())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let due = async { if late { first.notified().await } else { leaving.due().await } };
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        () = drain.requested() => {}
        () = due => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}
