//! The service that requests go through.

use std::{
    future::pending,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::{Request, Response, Uri, request::Parts};
use http_body::Body;
use kube::core::Status;
use tokio::time::sleep;
use tower::{BoxError, Service, ServiceExt};

use super::{Fault, Faults, Told};

/// A service whose requests meet faults.
#[derive(Clone)]
pub struct Faulty<S> {
    inner: S,
    faults: Faults,
}

impl<S> Faulty<S> {
    pub(super) const fn new(inner: S, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl<S, Q, R> Service<Request<Q>> for Faulty<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    Q: Send + 'static,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Told>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Told>, BoxError>>;

    /// The service that is asked is made ready when it is known whether, and when, it is asked.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (faults, inner) = (self.faults.clone(), self.inner.clone());
        if faults.is_killed() {
            return pending().boxed();
        }
        let (mut parts, body) = request.into_parts();
        let (fault, last) = faults.meet(&parts);
        if let Some(Fault::Rewound(versions)) = fault {
            rewind(&mut parts, versions);
        }
        let request = Request::from_parts(parts, body);
        async move {
            if last {
                // The last write of a client that is killed lands, and nobody learns of it.
                let _answer = inner.oneshot(request).await;
                faults.killed.send_replace(true);
                return pending().await;
            }
            answer(inner, request, fault, faults).await
        }
        .boxed()
    }
}

async fn answer<S, Q, R>(
    inner: S,
    request: Request<Q>,
    fault: Option<Fault>,
    faults: Faults,
) -> Result<Response<Told>, BoxError>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    Q: Send + 'static,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    match &fault {
        Some(Fault::Refused(status)) => return Ok(refused(status, faults)),
        Some(Fault::Lost) => return pending().await,
        Some(Fault::Slow(delay)) => sleep(*delay).await,
        Some(Fault::Late(delay)) => {
            let delay = *delay;
            // It is on its way, whatever becomes of who has sent it.
            tokio::spawn(async move {
                sleep(delay).await;
                let _answer = inner.oneshot(request).await;
            });
            return pending().await;
        }
        _ => {}
    }
    let answer = inner.oneshot(request).await.map_err(Into::into)?;
    match &fault {
        Some(Fault::Unanswered) => pending().await,
        Some(Fault::Misreported(status)) => Ok(refused(status, faults)),
        fault => Ok(answer.map(|body| Told::new(body, fault.as_ref(), faults))),
    }
}

fn refused(status: &Status, faults: Faults) -> Response<Told> {
    crate::server::refused(status).map(|body| Told::new(body, None, faults))
}

/// Asks for what happened since an earlier version than the client has asked for.
fn rewind(parts: &mut Parts, versions: u64) {
    let query = parts.uri.query().unwrap_or_default().split('&').map(|pair| {
        let version = pair.strip_prefix("resourceVersion=").and_then(|version| version.parse::<u64>().ok());
        version.filter(|version| *version > 0).map_or_else(
            || pair.to_owned(),
            |version| format!("resourceVersion={}", version.saturating_sub(versions).max(1)),
        )
    });
    let target = format!("{}?{}", parts.uri.path(), query.collect::<Vec<_>>().join("&"));
    if let Ok(uri) = Uri::try_from(target) {
        parts.uri = uri;
    }
}
