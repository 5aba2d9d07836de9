//! Requests and replies, in memory only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::broker::RequestError;
use crate::span::{self, Sending};
use crate::{Envelope, Responder};

/// Who serves which topic.
#[derive(Debug, Default)]
pub(super) struct Requests {
    servers: Mutex<HashMap<String, Vec<mpsc::Sender<Request>>>>,
}

#[derive(Debug)]
struct Request {
    envelope: Envelope,
    deadline: Instant,
    reply: oneshot::Sender<Envelope>,
}

impl Requests {
    pub(super) async fn request(
        &self,
        topic: &str,
        envelope: Envelope,
        deadline: Instant,
    ) -> Result<Envelope, RequestError> {
        let mut requests = [envelope];
        let sending = Sending::begin(topic, &mut requests);
        let [envelope] = requests;
        let answered = self.ask(topic, envelope, deadline).await;
        answered.inspect_err(|error| sending.all_failed(error.kind(), &error.to_string()))
    }

    async fn ask(
        &self,
        topic: &str,
        envelope: Envelope,
        deadline: Instant,
    ) -> Result<Envelope, RequestError> {
        let (reply, answer) = oneshot::channel();
        self.send(topic, Request { envelope, deadline, reply })?;
        match timeout_at(deadline, answer).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) => Err(RequestError::Lost { topic: topic.to_owned() }),
            Err(_) => Err(RequestError::TimedOut { topic: topic.to_owned() }),
        }
    }

    /// Hands a request to the server whose turn it is, or to the next that has room.
    fn send(&self, topic: &str, mut request: Request) -> Result<(), RequestError> {
        let mut servers = self.servers();
        let servers = servers.get_mut(topic).map_or(&mut [][..], Vec::as_mut_slice);
        let mut busy = false;
        for _ in 0..servers.len() {
            servers.rotate_left(1);
            request = match servers[0].try_send(request) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(request)) => {
                    busy = true;
                    request
                }
                Err(mpsc::error::TrySendError::Closed(request)) => request,
            };
        }
        let topic = topic.to_owned();
        Err(if busy { RequestError::Busy { topic } } else { RequestError::NoServer { topic } })
    }

    /// Serves until `drain` completes; at most `at_once` requests are being handled, and `waiting` more wait.
    pub(super) async fn serve(
        &self,
        topic: &str,
        responder: Arc<dyn Responder>,
        at_once: usize,
        waiting: usize,
        drain: BoxFuture<'_, ()>,
    ) {
        let (sender, mut waiting) = mpsc::channel(waiting.max(1));
        self.servers().entry(topic.to_owned()).or_default().push(sender);
        let mut begun = FuturesUnordered::new();
        let mut drain = drain;
        loop {
            tokio::select! {
                biased;
                () = &mut drain => break,
                Some(()) = begun.next() => {}
                Some(request) = waiting.recv(), if begun.len() < at_once => {
                    begun.push(answer(topic, &*responder, request));
                }
            }
        }
        // Closed, this server is passed over from now on, and forgotten when the next one comes.
        waiting.close();
        self.servers().values_mut().for_each(|servers| servers.retain(|server| !server.is_closed()));
        while let Some(request) = waiting.recv().await {
            begun.push(answer(topic, &*responder, request));
        }
        while begun.next().await.is_some() {}
    }

    fn servers(&self) -> MutexGuard<'_, HashMap<String, Vec<mpsc::Sender<Request>>>> {
        // Nothing panics while it is held.
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(topic: &str, responder: &dyn Responder, request: Request) {
    let Request { mut envelope, deadline, reply } = request;
    let span = span::respond(topic, &mut envelope);
    let responded = timeout_at(deadline, responder.respond(envelope)).instrument(span);
    if let Ok(Some(answer)) = responded.await {
        // Whoever asked may have gone away.
        let _ = reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use uuid::Uuid;

    use super::*;
    use crate::Data;

    /// Answers with what it was asked, once it has a permit.
    struct Gate(Arc<Semaphore>);

    impl Responder for Gate {
        fn respond(&self, request: Envelope) -> BoxFuture<'_, Option<Envelope>> {
            Box::pin(async {
                self.0.acquire().await.unwrap().forget();
                Some(request)
            })
        }
    }

    fn request(number: u128) -> Envelope {
        Envelope::new(Uuid::from_u128(number), "/a", "b", "c", 0, Data::default())
    }

    #[tokio::test]
    async fn so_many_requests_wait_as_are_allowed_and_one_more_is_refused() {
        let (requests, gate) = (Arc::new(Requests::default()), Arc::new(Semaphore::new(0)));
        let (server, responder) = (requests.clone(), Arc::new(Gate(gate.clone())));
        tokio::spawn(async move {
            server.serve("topic", responder, 1, 2, Box::pin(std::future::pending())).await;
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut asked = tokio::task::JoinSet::new();
        // One is handled and two wait, however often the tasks take turns.
        while asked.len() < 3 {
            let (requests, number) = (requests.clone(), asked.len() as u128);
            let begun = requests.servers().contains_key("topic");
            if begun {
                asked.spawn(async move { requests.request("topic", request(number), deadline).await });
            }
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        }
        let one_more = requests.request("topic", request(3), deadline).await;
        assert!(matches!(one_more, Err(RequestError::Busy { .. })), "{one_more:?}");
        gate.add_permits(3);
        while let Some(answer) = asked.join_next().await {
            assert!(answer.unwrap().is_ok());
        }
    }
}
