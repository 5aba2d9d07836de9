//! Connects hyper's client to our [`Network`].

use std::{io, pin::Pin, task, time::Duration};

use axum::http::Uri;
use hyper_util::rt::TokioIo;
use tower::Service;

use crate::network::{Network, Stream};

#[derive(Clone, Debug)]
pub(crate) struct Connector {
    network: Network,
    timeout: Duration,
}

impl Connector {
    pub(crate) fn new(network: Network, timeout: Duration) -> Self {
        Connector { network, timeout }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let Connector { network, timeout } = self.clone();
        Box::pin(async move {
            let authority = authority(&url)?;
            let connected = tokio::time::timeout(timeout, network.connect(&authority)).await;
            connected.map_err(|_| io::ErrorKind::TimedOut)?.map(TokioIo::new)
        })
    }
}

/// The URL's `host:port`.
fn authority(url: &Uri) -> io::Result<String> {
    let refused = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
    if url.scheme_str() != Some("http") {
        return Err(refused("only http:// is spoken between services"));
    }
    let host = url.host().ok_or_else(|| refused("the URL has no host"))?;
    Ok(format!("{host}:{}", url.port_u16().unwrap_or(80)))
}
