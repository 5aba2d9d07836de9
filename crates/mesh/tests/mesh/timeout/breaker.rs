//! What a breaker hears that stands outside of the time-out.

use super::*;

fn breaker() -> CircuitBreakerLayer<Http> {
    let policy = BreakerPolicy { consecutive_failures: Some(1), ..BreakerPolicy::default() };
    CircuitBreakerLayer::new(policy, Http::new()).expect("a policy in its ranges")
}

#[tokio::test(start_paused = true)]
async fn a_time_out_of_ours_is_a_failure_of_the_server() {
    let breaker = breaker();
    elapsed(breaker.layer(of_a_second().layer(server([Answer::Never]))).oneshot(Request::new(())).await);
    assert_eq!(breaker.handle().state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_counts_as_nothing() {
    let (breaker, layer) = (breaker(), of_a_second());
    let mut call = Box::pin(breaker.layer(layer.layer(server([Answer::Never]))).oneshot(Request::new(())));
    assert!(futures_util::poll!(&mut call).is_pending());
    tokio::time::advance(MILLISECOND * 999).await;
    drop(call);
    tokio::time::advance(SECOND).await;
    let snapshot = breaker.handle().snapshot();
    assert_eq!((snapshot.state, snapshot.calls, layer.handle().snapshot().headers), (State::Closed, 0, 0));
}

/// The deadline at the outside and the one in here are the same moment. A breaker that heard of the first alone took every call of a server
/// that hangs for one whose caller has left.
#[tokio::test(start_paused = true)]
async fn a_call_that_ends_at_its_deadline_is_a_failure_of_the_server_too() {
    let policy = ClientPolicy { at_most: MILLISECOND * 300, ..ClientPolicy::default() };
    let client = ClientLayer::new(policy).expect("a policy in its ranges");
    let (breaker, layer) = (breaker(), of_a_second());
    let service = client.layer(breaker.layer(layer.layer(server([Answer::Never]))));
    let error = service.oneshot(Request::new(())).await.expect_err("an error");
    assert!(error.is::<Exceeded>());
    assert_eq!(breaker.handle().state(), State::Open);
    assert_eq!((client.handle().snapshot().exceeded, layer.handle().snapshot().deadline), (0, 1));
}

/// As a server has it that takes the call, sends its headers, and then hangs.
#[tokio::test(start_paused = true)]
async fn a_grpc_answer_without_its_end_is_a_failure_where_the_whole_is_limited() {
    let policy = BreakerPolicy { consecutive_failures: Some(1), ..BreakerPolicy::default() };
    let breaker = CircuitBreakerLayer::new(policy, Grpc::new()).expect("a policy in its ranges");
    let layer = layer(Policy { headers: SECOND, whole: Some(SECOND * 2) });
    let service =
        breaker.layer(layer.layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(bodies::endless()))
        })));
    let response = service.oneshot(Request::new(())).await.expect("headers");
    assert_eq!(elapsed(bodies::collect(response.into_body()).await).part(), Part::Body);
    assert_eq!(breaker.handle().state(), State::Open);
}
