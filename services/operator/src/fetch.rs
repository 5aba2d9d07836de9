//! Requests to servers outside the API server: bounded in number, in time and in what is read of an answer.

use std::{
    error::Error,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{Request, StatusCode, uri::Scheme};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{sync::Semaphore, time::timeout};

/// Heads of answers that are longer are refused.
const HEAD_BYTES: usize = 64 * 1024;

/// Sends requests, each on a connection of its own: a kept one would be one more that a pod has to drain, and would not show what
/// somebody sees who comes anew. Redirects are answers like any other. Clones are the same.
#[derive(Clone)]
pub struct Fetch(Arc<Shared>);

struct Shared {
    plain: Client<HttpConnector, Full<Bytes>>,
    /// Made when it is needed first: reading the system's certificates takes a while, and an image may have none.
    secure: OnceLock<Result<Secure, String>>,
    at_once: Semaphore,
}

type Secure = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its body; empty if nobody wanted it.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// It took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// It is longer than somebody wants to read.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// It cannot be sent safely.
    #[error("TLS is not possible here: {0}")]
    Insecure(String),
    /// It could not be sent, or the answer broke off.
    #[error("{0}")]
    Failed(String),
}

impl Fetch {
    /// With so many requests at once; more wait, which does not count as time of theirs.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let (plain, secure) = (client(connector), OnceLock::new());
        Self(Arc::new(Shared { plain, secure, at_once: Semaphore::new(at_once) }))
    }

    /// Sends it, and reads at most `most` bytes of the answer's body; with 0 the body does not matter.
    ///
    /// # Errors
    /// There is no answer within `limit`, connecting included, or not one that is wanted.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
        most: usize,
    ) -> Result<Reply, Unanswered> {
        let _one_of_them = self.0.at_once.acquire().await;
        timeout(limit, self.exchange(request, most)).await.unwrap_or(Err(Unanswered::TimedOut(limit)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, most: usize) -> Result<Reply, Unanswered> {
        let response = if request.uri().scheme() == Some(&Scheme::HTTPS) {
            self.secure()?.request(request).await
        } else {
            self.0.plain.request(request).await
        };
        let (head, body) = response.map_err(|error| Unanswered::Failed(innermost(&error)))?.into_parts();
        Ok(Reply { status: head.status, body: read(body, most).await? })
    }

    fn secure(&self) -> Result<&Secure, Unanswered> {
        let made = self.0.secure.get_or_init(|| {
            let roots = HttpsConnectorBuilder::new().with_native_roots();
            let connector = roots.map_err(|error| innermost(&error))?.https_only().enable_http1().build();
            Ok(client(connector))
        });
        made.as_ref().map_err(|why| Unanswered::Insecure(why.clone()))
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fetch").field("at_once", &self.0.at_once).finish_non_exhaustive()
    }
}

fn client<C>(connector: C) -> Client<C, Full<Bytes>>
where
    C: legacy::connect::Connect + Clone,
{
    Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .retry_canceled_requests(false)
        .http1_max_buf_size(HEAD_BYTES)
        .build(connector)
}

/// Reads at most `most` bytes, or with 0 none.
pub(crate) async fn read<B>(body: B, most: usize) -> Result<Bytes, Unanswered>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if most == 0 {
        return Ok(Bytes::new());
    }
    match Limited::new(body, most).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unanswered::TooLong(most)),
        Err(error) => Err(Unanswered::Failed(innermost(&*error))),
    }
}

/// What lies at the bottom: `Connection refused` says more than «client error».
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
