//! One connection, and which of its answers is the last.

use std::{pin::pin, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, header::CONNECTION},
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;
use tower::ServiceExt;

use crate::{network::Stream, shutdown::Drain};

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
    let answer = service_fn(|request| {
        let answered = router.clone().oneshot(request);
        let leaving = leaving.clone();
        async move {
            let mut answer = answered.await?;
            if leaving.is_due() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read)
        .serve_connection(TokioIo::new(stream), answer);
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
