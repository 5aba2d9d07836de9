//! What went wrong in other breakers, by the number of their issue.

use futures_util::poll;
use http::Response;
use mesh::{
    circuit_breaker::{CircuitBreakerLayer, Mode},
    classify::Grpc,
};

use super::*;

/// tower-resilience#286, #288: the call went to a clone of the inner service that nobody had polled.
#[tokio::test(start_paused = true)]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    #[derive(Clone, Default)]
    struct Once {
        ready: bool,
    }
    impl Service<Request<()>> for Once {
        type Response = Response<()>;
        type Error = BoxError;
        type Future = std::future::Ready<Result<Response<()>, BoxError>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), BoxError>> {
            self.ready = true;
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            assert!(std::mem::take(&mut self.ready), "called without having been ready");
            std::future::ready(Ok(Response::new(())))
        }
    }
    let layer = CircuitBreakerLayer::new(policy(), Http::new()).expect("a policy in its ranges");
    let mut service = layer.layer(Once::default());
    service.ready().await.expect("ready").call(Request::new(())).await.expect("an answer");
    service.clone().oneshot(Request::new(())).await.expect("an answer");
}

/// tower-resilience#381: a dependency that is stuck hid that the circuit was open.
#[tokio::test(start_paused = true)]
async fn a_stuck_server_does_not_hide_an_open_circuit() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    stage.server.is_stuck(true);
    stage.refuses().await;
}

/// tower#855: an error from `poll_ready` is the end of a `Buffer`; and callers without number were let through half-open.
#[tokio::test(start_paused = true)]
async fn poll_ready_never_errs_and_probes_are_counted() {
    let mut stage = Stage::new(Policy { probes: 2, ..policy() });
    stage.trips().await;
    stage.service.ready().await.expect("no error of an open circuit");
    pass(SECOND).await;
    stage.server.will(vec![Answer::Never; 20]);
    let before = stage.server.calls();
    let mut callers = vec![];
    for _ in 0..20 {
        let mut service = stage.service.clone();
        let mut caller = Box::pin(async move { call(&mut service).await });
        let _ = poll!(&mut caller);
        callers.push(caller);
    }
    assert_eq!(stage.server.calls() - before, 2);
}

/// tower-resilience#382: more probes than allowed, one after the other.
#[tokio::test(start_paused = true)]
async fn probes_that_have_succeeded_hold_their_place() {
    let mut stage = Stage::new(Policy { probes: 2, ..policy() });
    stage.trips().await;
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    stage.server.will([Answer::Never]);
    let mut service = stage.service.clone();
    let mut second = Box::pin(async move { call(&mut service).await });
    assert!(poll!(&mut second).is_pending());
    stage.refuses().await;
}

/// nora#585, OmniRoute#13836, linkerd2-proxy#4561: a probe that nobody hears of held the only place for ever.
#[tokio::test(start_paused = true)]
async fn a_probe_that_is_never_heard_of_gives_its_place_back_at_its_deadline() {
    let mut stage = Stage::new(Policy { lease: SECOND * 5, ..policy() });
    stage.trips().await;
    pass(SECOND).await;
    stage.server.will([Answer::After(SECOND * 8, 500)]);
    let mut service = stage.service.clone();
    let late = tokio::spawn(async move { call(&mut service).await });
    tokio::task::yield_now().await;
    stage.refuses().await;
    pass(SECOND * 5).await;
    stage.server.will([Answer::Never]);
    let mut service = stage.service.clone();
    let mut probe = Box::pin(async move { call(&mut service).await });
    assert!(poll!(&mut probe).is_pending());
    assert_eq!(late.await.expect("a task that ends").expect("an answer"), 500);
    assert_eq!(stage.handle.state(), State::HalfOpen, "what comes too late counts no more");
    drop(probe);
    stage.answers(Answer::Status(200)).await;
    assert_eq!(stage.handle.state(), State::Closed);
}

/// The same where headers came and trailers did not: linkerd's response sent nothing when it was dropped.
#[tokio::test(start_paused = true)]
async fn a_probe_whose_body_is_dropped_gives_its_place_back() {
    let policy = Policy { consecutive_failures: Some(1), ..policy() };
    let layer = CircuitBreakerLayer::new(policy, Grpc::new()).expect("a policy in its ranges");
    let ok = tower::service_fn(|request: Request<bool>| async move {
        let answer = Response::new(http_body_util::Full::new(bytes::Bytes::from_static(b"x")));
        if *request.body() { Ok(answer) } else { Err::<_, BoxError>("broken".into()) }
    });
    let service = layer.layer(ok);
    assert!(service.clone().oneshot(Request::new(false)).await.is_err());
    pass(SECOND).await;
    let answer = service.clone().oneshot(Request::new(true)).await.expect("an answer");
    refusal(service.clone().oneshot(Request::new(true)).await.map(drop));
    drop(answer);
    service.oneshot(Request::new(true)).await.expect("the place is free again");
}

/// deno_std#7306: results of an earlier half-open cycle counted in a later one.
#[tokio::test(start_paused = true)]
async fn a_result_from_before_the_state_changed_counts_as_nothing() {
    let mut stage = Stage::new(policy());
    stage.server.will([Answer::After(SECOND * 3, 500), Answer::After(SECOND * 3, 500)]);
    let early: Vec<_> = [stage.service.clone(), stage.service.clone()]
        .map(|mut service| tokio::spawn(async move { call(&mut service).await }))
        .into();
    tokio::task::yield_now().await;
    stage.trips().await;
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    for call in early {
        assert_eq!(call.await.expect("a task that ends").expect("an answer"), 500);
    }
    let seen = stage.handle.snapshot();
    assert_eq!((seen.state, seen.consecutive_failures), (State::Closed, 0));
}

/// linkerd2-proxy#2371: a place was leased twice; #2493: who waited was not woken.
#[tokio::test(start_paused = true)]
async fn who_waits_in_half_open_is_woken_when_the_mode_changes() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    pass(SECOND).await;
    stage.server.is_stuck(true);
    let mut service = stage.service.clone();
    let waiting = tokio::spawn(async move { call(&mut service).await });
    tokio::task::yield_now().await;
    stage.handle.set_mode(Mode::ForcedOpen);
    refusal(waiting.await.expect("a task that ends"));
}

/// tower#472: readiness that was reserved and never used exhausted a `Buffer`.
#[tokio::test(start_paused = true)]
async fn a_buffer_before_an_open_breaker_lives_on() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    let (mut buffered, worker) = tower::buffer::Buffer::pair(stage.service.clone(), 4);
    tokio::spawn(worker);
    refusal(buffered.ready().await.expect("a buffer that lives").call(Request::new(())).await);
    pass(SECOND).await;
    let answer = buffered.ready().await.expect("a buffer that lives").call(Request::new(())).await;
    assert_eq!(answer.expect("an answer").status(), 200);
}

/// Of our own: a bucket of the window knows only the last bits of its generation, and after a long outage those from before it passed for later ones.
#[tokio::test(start_paused = true)]
async fn after_an_outage_of_any_length_failures_are_counted_again() {
    let open = Backoff { first: SECOND * 10, longest: SECOND * 10, jitter: 0.0 };
    let rates =
        Policy { consecutive_failures: None, failure_percent: Some(50), minimum_calls: 2, open, ..policy() };
    for probes_in_vain in [0, 10, 20, 31, 40] {
        let mut stage = Stage::new(rates.clone());
        for _ in 0..20 {
            stage.answers(Answer::Status(200)).await;
            pass(SECOND).await;
        }
        pass(SECOND * 20).await;
        stage.trips().await;
        for _ in 0..probes_in_vain {
            pass(SECOND * 10).await;
            stage.answers(Answer::Status(500)).await;
        }
        pass(SECOND * 10).await;
        stage.answers(Answer::Status(200)).await;
        assert_eq!(stage.handle.state(), State::Closed);
        stage.trips().await;
    }
}

/// Whoever is told of a change may read the breaker and set its mode: no lock is held meanwhile.
#[tokio::test(start_paused = true)]
async fn who_is_told_of_a_change_may_answer_it_with_a_mode() {
    let mine = Arc::new(std::sync::OnceLock::<Handle>::new());
    let told = Arc::clone(&mine);
    let builder = Builder::new(policy()).on_transition(move |change| {
        if let (State::Open, Some(handle)) = (change.to, told.get()) {
            assert_eq!(handle.snapshot().reason, Some(change.reason));
            handle.set_mode(Mode::ForcedOpen);
        }
    });
    let layer = builder.build(Http::new()).expect("a policy in its ranges");
    assert!(mine.set(layer.handle()).is_ok());
    let server = Server::default();
    server.will([Answer::Breaks, Answer::Breaks]);
    let mut service = layer.layer(server.clone());
    for _ in 0..2 {
        call(&mut service).await.expect_err("its error");
    }
    assert_eq!(layer.handle().mode(), Mode::ForcedOpen);
    refusal(call(&mut service).await);
    assert_eq!(server.calls(), 2);
}
