//! Reading an event stream.

use axum::{
    body::{Body, BodyDataStream},
    extract::Request,
    http::StatusCode,
};
use contracts::ordering::{OrderStatus, StatusChange};
use futures_util::StreamExt;

use super::Client;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) change: StatusChange,
}

/// An event stream that is being read.
pub(crate) struct Events {
    body: BodyDataStream,
    read: String,
}

impl Events {
    /// Begins to follow an order, after the event that was seen last.
    ///
    /// # Errors
    /// Another status than 200.
    pub(crate) async fn of(client: &Client, order: &str, seen: Option<&str>) -> Result<Self, StatusCode> {
        let mut request = Request::get(client.url(&format!("/v1/orders/{order}/events")));
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        let response = client.http.stream(request.body(Body::empty()).unwrap()).await.unwrap();
        if response.status() != StatusCode::OK {
            return Err(response.status());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Self { body: response.into_body().into_data_stream(), read: String::new() })
    }

    /// The next event; nothing once the server has closed the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                // What has no data is a comment that keeps the connection alive.
                if let Some(data) = field(&block, "data") {
                    let change = serde_json::from_str(&data).unwrap();
                    let (id, name) = (field(&block, "id").unwrap(), field(&block, "event").unwrap());
                    return Some(Event { id, name, change });
                }
                continue;
            }
            let chunk = self.body.next().await?.unwrap();
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Everything until the server closes.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

impl Event {
    /// Its name and the status that it tells.
    pub(crate) fn short(&self) -> (&str, OrderStatus) {
        (&self.name, self.change.status)
    }
}

fn field(block: &str, name: &str) -> Option<String> {
    let value = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.map(|value| value.trim_start().to_owned())
}
