//! One connection, and requests over it.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Uri, header::HOST};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{Failure, Settings};

/// An open connection. hyper's own, below its pool, sends nothing a second time.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    authority: String,
    /// When it began to be opened, on the journal's clock.
    pub(crate) opened: u64,
}

/// What came back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    pub(crate) version: Option<String>,
    pub(crate) failure: Option<Failure>,
}

impl Answer {
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

impl Connection {
    /// Opens one, within the time that a request may take.
    pub(crate) async fn open(
        address: SocketAddr,
        authority: &str,
        opened: u64,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        #[expect(clippy::disallowed_methods, reason = "what is measured is the real network")]
        let stream = within(timeout, TcpStream::connect(address)).await?.map_err(|error| why_not(&error))?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) =
            within(timeout, handshake(TokioIo::new(stream))).await?.map_err(|_| Failure::Unreachable)?;
        tokio::spawn(connection); // it ends with the sender, or with the server
        Ok(Self { sender, authority: authority.to_owned(), opened })
    }

    /// Whether it can carry another request; not if the server has ended it.
    pub(crate) async fn is_open(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) async fn ask(&mut self, path: &Uri, settings: &Settings) -> Answer {
        let Ok(request) =
            Request::get(path.clone()).header(HOST, &self.authority).body(Empty::<Bytes>::new())
        else {
            return Answer::failed(Failure::Unsent);
        };
        let response = match within(settings.timeout, self.sender.send_request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => return Answer::failed(Failure::ResetBeforeFirstByte),
            Err(timeout) => return Answer::failed(timeout),
        };
        read(response, settings).await
    }
}

async fn read(response: Response<Incoming>, settings: &Settings) -> Answer {
    let version = response.headers().get(&settings.version_header).and_then(|value| value.to_str().ok());
    let (status, version) = (response.status(), version.map(str::to_owned));
    let failure = (!status.is_success()).then_some(Failure::Status);
    let unfinished = to_the_end(response.into_body(), settings.timeout).await.err();
    Answer { status: Some(status.as_u16()), version, failure: failure.or(unfinished) }
}

async fn to_the_end(mut body: Incoming, timeout: Duration) -> Result<(), Failure> {
    while let Some(frame) = within(timeout, body.frame()).await? {
        frame.map_err(|_| Failure::Cut)?;
    }
    Ok(())
}

async fn within<T>(timeout: Duration, what: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(timeout, what).await.map_err(|_| Failure::Timeout)
}

fn why_not(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut => Failure::Timeout,
        _ => Failure::Unreachable,
    }
}
