//! An order's statuses as they happen, over however many connections it takes.

use std::{collections::VecDeque, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
};
use contracts::{OrderId, ordering::StatusChange};
use http_body_util::BodyExt;
use tokio::time::sleep;

use super::{
    Api, Error,
    sse::{Event, Parser},
};

/// How long to wait before a stream that broke is opened again.
const PAUSE: Duration = Duration::from_millis(100);

/// The header by which a stream goes on where the one before ended.
const LAST_EVENT_ID: &str = "last-event-id";

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It came to a status.
    Status(StatusChange),
    /// It came to an outcome.
    Outcome(StatusChange),
}

/// Follows one order.
#[derive(Debug)]
pub struct Follower {
    api: Api,
    order: OrderId,
    /// The event that was seen last.
    last: Option<HeaderValue>,
    stream: Option<(Body, Parser)>,
    seen: VecDeque<Seen>,
}

impl Follower {
    /// Follows from the order's first status on.
    #[must_use]
    pub const fn new(api: Api, order: OrderId) -> Self {
        Self { api, order, last: None, stream: None, seen: VecDeque::new() }
    }

    /// The next thing that happens; `None` once nothing can. After an outcome that is not final the next call waits for what
    /// follows. Cancel safe: nothing is missed. It asks again for as long as there is no answer, so its caller sets the limit.
    ///
    /// # Errors
    /// The answer is no, or cannot be understood.
    pub async fn next(&mut self) -> Result<Option<Seen>, Error> {
        loop {
            if let Some(seen) = self.seen.pop_front() {
                return Ok(Some(seen));
            }
            let Some((body, _)) = &mut self.stream else {
                if self.open().await? { continue } else { return Ok(None) }
            };
            match body.frame().await {
                Some(Ok(frame)) => self.take(frame.data_ref().map_or(&[][..], |data| data))?,
                // The end of this connection, not of the events.
                Some(Err(_)) | None => {
                    self.stream = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Opens the stream; `false` if there is nothing to come.
    async fn open(&mut self) -> Result<bool, Error> {
        loop {
            match self.api.stream(self.request()?).await {
                Ok(response) if response.status() == StatusCode::NO_CONTENT => return Ok(false),
                Ok(response) if response.status() == StatusCode::OK => {
                    self.stream = Some((response.into_body(), Parser::default()));
                    return Ok(true);
                }
                Ok(response) if response.status().is_client_error() => {
                    let call = format!("GET {}", self.url());
                    return Err(Error::Foreign { call, status: response.status() });
                }
                Ok(_) | Err(Error::NoAnswer { .. }) => sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    fn url(&self) -> String {
        self.api.at(&format!("/v1/orders/{}/events", self.order))
    }

    fn request(&self) -> Result<Request, Error> {
        let malformed = |source: axum::http::Error| {
            let call = format!("GET {}", self.url());
            Error::Unclear(chassis::client::Error::Malformed { call, source: source.into() })
        };
        let request = Request::get(self.url()).header(header::ACCEPT, "text/event-stream");
        let mut request = request.body(Body::empty()).map_err(malformed)?;
        if let Some(last) = &self.last {
            request.headers_mut().insert(LAST_EVENT_ID, last.clone());
        }
        Ok(request)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some((_, parser)) = &mut self.stream else { return Ok(()) };
        for Event { id, name, data } in parser.feed(bytes) {
            let change: StatusChange = serde_json::from_str(&data).map_err(|source| {
                let call = format!("GET {}", self.api.at(&format!("/v1/orders/{}/events", self.order)));
                Error::Unclear(chassis::client::Error::Decode { call, source })
            })?;
            if let Some(id) = id.and_then(|id| id.parse().ok()) {
                self.last = Some(id);
            }
            let outcome = name == "outcome";
            self.seen.push_back(if outcome { Seen::Outcome(change) } else { Seen::Status(change) });
        }
        Ok(())
    }
}
