//! Requests and replies, which may be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Fixture, PATIENCE, QUIET, Reader, TOPIC, message, publish};
use crate::broker::RequestError;
use crate::{Broker, Envelope};

const QUOTES: &str = "conformance.quotes";

fn reply_to(request: &Envelope) -> Envelope {
    message("reply", request.version.unwrap_or(0))
}

/// Asks again and again: nobody may serve yet, and a request may be lost.
async fn ask(broker: &dyn Broker, n: u64) -> Envelope {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match broker
            .request(QUOTES, message("request", n), deadline.min(Instant::now() + PATIENCE / 10))
            .await
        {
            Ok(reply) => return reply,
            Err(error) => assert!(Instant::now() < deadline, "never answered: {error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// Runs `test` while `topic` is served.
async fn served<F, Fut>(broker: &dyn Broker, respond: F, test: impl Future<Output = ()>)
where
    F: Fn(Envelope) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Option<Envelope>> + Send + 'static,
{
    let done = Arc::new(Notify::new());
    let drain = { Arc::clone(&done).notified_owned().boxed() };
    let (result, ()) = tokio::join!(broker.serve(QUOTES, Arc::new(respond), drain), async {
        test.await;
        done.notify_one();
    });
    result.expect("serving ends well");
}

/// A request is answered.
pub async fn a_request_is_answered(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    served(&*broker, async |request| Some(reply_to(&request)), async {
        assert_eq!(ask(&*broker, 7).await, message("reply", 7));
    })
    .await;
}

/// Many requests at a time are answered, each with its own reply.
pub async fn many_requests_are_answered_each_with_its_own_reply(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let respond = async |request: Envelope| {
        tokio::task::yield_now().await;
        Some(reply_to(&request))
    };
    served(&*broker, respond, async {
        let replies = join_all((0..100).map(|n| ask(&*broker, n))).await;
        for (n, reply) in (0..).zip(replies) {
            assert_eq!(reply, message("reply", n));
        }
    })
    .await;
}

/// A request that nobody serves fails, by its deadline at the latest.
pub async fn a_request_that_nobody_serves_fails(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let begun = Instant::now();
    broker.request(QUOTES, message("request", 1), begun + QUIET).await.unwrap_err();
    assert!(begun.elapsed() < PATIENCE / 2);
}

/// A request that is left unanswered, or answered too late, fails by its deadline.
pub async fn a_request_without_a_reply_fails_by_its_deadline(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let respond = async |request: Envelope| {
        if request.version == Some(1) {
            return None;
        }
        std::future::pending().await
    };
    served(&*broker, respond, async {
        for n in [1, 2] {
            let begun = Instant::now();
            broker.request(QUOTES, message("request", n), begun + QUIET).await.unwrap_err();
            assert!(begun.elapsed() < PATIENCE / 2);
        }
    })
    .await;
}

/// A lost request harms nothing: messages still flow, and the next request is answered.
pub async fn a_lost_request_harms_nothing(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let mut reader = Reader::new(&*broker, "g");
    reader.receive(Duration::ZERO).await;
    let respond = async |request: Envelope| (request.version != Some(1)).then(|| reply_to(&request));
    served(&*broker, respond, async {
        let lost = broker.request(QUOTES, message("request", 1), Instant::now() + QUIET).await;
        assert!(matches!(
            lost,
            Err(RequestError::Lost { .. } | RequestError::TimedOut { .. } | RequestError::NoServer { .. })
        ));
        publish(&*broker, TOPIC, &[message("a", 1)]).await;
        reader.until(1).await.saw(&[message("a", 1)]);
        ask(&*broker, 2).await;
    })
    .await;
}

/// A server that drains finishes what it has begun.
pub async fn a_server_that_drains_finishes_what_it_has_begun(fixture: &impl Fixture) {
    let broker = fixture.open().await;
    let begun = Arc::new(Notify::new());
    let answered = Arc::new(AtomicU64::new(0));
    let respond = {
        let (begun, answered) = (Arc::clone(&begun), Arc::clone(&answered));
        move |request: Envelope| {
            let (begun, answered) = (Arc::clone(&begun), Arc::clone(&answered));
            async move {
                begun.notify_one();
                tokio::task::yield_now().await;
                answered.fetch_add(1, SeqCst);
                Some(reply_to(&request))
            }
        }
    };
    // It drains as soon as the first request has begun; whoever asks has to have an answer even so.
    let drain: BoxFuture<'_, ()> = { Arc::clone(&begun).notified_owned().boxed() };
    let asked = async {
        let deadline = Instant::now() + PATIENCE;
        while answered.load(SeqCst) == 0 {
            assert!(Instant::now() < deadline, "never answered");
            let _ = broker.request(QUOTES, message("request", 1), Instant::now() + PATIENCE / 4).await;
            tokio::task::yield_now().await;
        }
    };
    let (result, ()) = tokio::join!(broker.serve(QUOTES, Arc::new(respond), drain), asked);
    result.expect("serving ends well");
    assert!(answered.load(SeqCst) >= 1);
}
