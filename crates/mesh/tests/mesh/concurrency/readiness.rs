//! The contract of `poll_ready` and `call`, and what becomes of a call that is dropped.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Context,
};

use futures_util::future::poll_fn;
use mesh::{classify::Results, concurrency::Builder};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_limit_is_ready_and_refuses_in_the_call() {
    let mut stage = Stage::new(Policy::fixed(1));
    let _flying = stage.fill(1).await;
    let asked =
        poll_fn(|context| Poll::Ready(Service::<Request<()>>::poll_ready(&mut stage.service, context)));
    assert!(matches!(asked.await, Poll::Ready(Ok(()))));
    assert_eq!(stage.snapshot().refused.total(), 0);
    assert_eq!(refusal(stage.service.call(request(Priority::Normal)).await).why(), Why::LimitReached);
}

#[tokio::test(start_paused = true)]
async fn a_readiness_that_is_never_used_holds_no_room() {
    let stage = Stage::new(Policy::fixed(1));
    let mut idle = stage.service.clone();
    ServiceExt::<Request<()>>::ready(&mut idle).await.expect("ready");
    stage.passes(Priority::Normal).await;
    drop(idle);
    assert_eq!(stage.snapshot().under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_server_that_is_not_ready_has_room_and_others_are_refused() {
    let stage = Stage::new(Policy::fixed(1));
    stage.server.is_stuck(true);
    let waiting = stage.begin(Priority::Normal).await;
    assert_eq!((stage.server.calls(), stage.snapshot().under_way), (0, 1));
    assert_eq!(stage.refuses(Priority::Normal).await, Why::LimitReached);
    stage.server.is_stuck(false);
    assert_eq!(waiting.await.expect("an answer").status(), 200);
    assert_eq!((stage.server.calls(), stage.snapshot().under_way), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_service_that_was_not_asked_waits_until_the_server_is_ready() {
    let mut stage = Stage::new(Policy::fixed(1));
    let before = stage.server.polls();
    stage.service.call(request(Priority::Normal)).await.expect("an answer");
    assert_eq!((stage.server.calls(), stage.server.polls()), (1, before + 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_when_it_is_asked_says_so_and_holds_no_room() {
    let mut stage = Stage::new(Policy::fixed(1));
    stage.server.is_broken(true);
    let error = ServiceExt::<Request<()>>::ready(&mut stage.service).await.expect_err("its error");
    assert_eq!(error.to_string(), "the connection is gone");
    let error = stage.service.call(request(Priority::Normal)).await.expect_err("its error");
    assert_eq!(error.to_string(), "the connection is gone");
    assert_eq!((stage.server.calls(), stage.snapshot().under_way), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_at_any_moment_gives_his_room_back() {
    let mut stage = Stage::queued(1);
    // Before it was polled.
    ServiceExt::<Request<()>>::ready(&mut stage.service).await.expect("ready");
    drop(stage.service.call(request(Priority::Normal)));
    assert_eq!(stage.snapshot().under_way, 0);
    // While the server is not ready.
    stage.server.is_stuck(true);
    drop(stage.begin(Priority::Normal).await);
    stage.server.is_stuck(false);
    assert_eq!(stage.snapshot().under_way, 0);
    // While the server works on it.
    let flying = stage.fill(1).await;
    // In the queue; and when room was just made for it.
    drop(stage.begin(Priority::Normal).await);
    assert_eq!((stage.snapshot().under_way, stage.snapshot().waiting), (1, 0));
    let waiting = stage.begin(Priority::Normal).await;
    drop(flying);
    assert_eq!((stage.snapshot().under_way, stage.snapshot().waiting), (1, 0));
    drop(waiting);
    assert_eq!((stage.snapshot().under_way, stage.snapshot().waiting), (0, 0));
    stage.passes(Priority::Normal).await;
}

/// Counts who holds a readiness of it that was not used.
#[derive(Debug, Default)]
struct Reserving {
    held: Arc<AtomicUsize>,
    holds: bool,
}

impl Clone for Reserving {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held), holds: false }
    }
}

impl Drop for Reserving {
    fn drop(&mut self) {
        self.held.fetch_sub(usize::from(self.holds), Relaxed);
    }
}

impl Service<bool> for Reserving {
    type Response = ();
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<(), Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.held.fetch_add(usize::from(!std::mem::replace(&mut self.holds, true)), Relaxed);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ends: bool) -> Self::Future {
        assert!(std::mem::take(&mut self.holds), "it was asked");
        self.held.fetch_sub(1, Relaxed);
        let done: Ready<_> = ready(Ok(()));
        if ends { Box::pin(done) } else { Box::pin(std::future::pending()) }
    }
}

/// tower#472 and #434: what waits must not hold what others need.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_holds_no_readiness_of_the_server() {
    let queue = Some(Queue::default());
    let builder = Builder::new(Policy { queue, ..Policy::fixed(1) }).priority(Priority::Normal);
    let layer = builder.build(Results::default()).expect("a policy in its ranges");
    let server = Reserving::default();
    let held = Arc::clone(&server.held);
    let service = layer.layer(server);
    let mut working = Box::pin(service.clone().oneshot(false));
    assert!(poll!(&mut working).is_pending());
    let mut waiting = Box::pin(service.clone().oneshot(true));
    assert!(poll!(&mut waiting).is_pending());
    assert_eq!(layer.handle().snapshot().waiting, 1);
    assert_eq!(held.load(Relaxed), 0);
    drop(working);
    waiting.await.expect("an answer");
}
