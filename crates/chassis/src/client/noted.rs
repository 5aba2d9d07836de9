//! A call, and what the journal keeps of it.

use journal::Entry;
use tokio::time::Instant;

use super::{Call, Error, HttpClient, Peer, Response};

impl HttpClient {
    /// As [`send`](Self::send), with what the journal keeps of the call: for the transaction that takes the answer in, or
    /// notes that there is none. `route` is method and template of the path; the callee is who the call is [`to`](Call::to).
    pub async fn send_noted(&self, call: Call, route: &'static str) -> (Result<Response, Error>, Entry) {
        let Peer(peer) = call.peer();
        let (started, begun, sent) = (self.clock.now(), Instant::now(), call.body_len());
        let answered = self.send(call).await;
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let entry = Entry::call(peer, route, started, took_us);
        let (outcome, received) = match &answered {
            Ok(response) => (response.status.as_str().to_owned(), response.body.len()),
            Err(_) => ("no answer".to_owned(), 0),
        };
        let bytes = Some((sent + received) as u64);
        (answered, Entry { bytes, ..entry.with_outcome(outcome) })
    }
}
