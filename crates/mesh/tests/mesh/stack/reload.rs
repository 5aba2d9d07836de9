//! Another policy while the stack is in use.

use std::time::Duration;

use http::Method;
use mesh::{
    Refused, Why,
    circuit_breaker::State,
    classify::Outcome,
    concurrency, deadline,
    stack::{ClientPolicy, ClientRoute, Matches},
    timeout,
};
use tokio::time::Instant;

use super::{SECOND, Stage, asking, breaker, plain, retrying};
use crate::upstream::{never, ready_call, status};

#[tokio::test(start_paused = true)]
async fn what_is_the_same_in_another_policy_keeps_its_state() {
    let policy = ClientPolicy { circuit_breaker: Some(breaker()), ..plain() };
    let mut stage = Stage::new(policy.clone());
    stage.upstream.will([status(500), status(500)]);
    for _ in 0..2 {
        assert_eq!(stage.get().await.expect("an answer"), 500);
    }
    let deadline = deadline::ClientPolicy { at_most: Duration::from_secs(3), ..policy.deadline.clone() };
    stage.handle.reload(ClientPolicy { deadline, ..policy.clone() }).expect("a policy in its ranges");
    assert_eq!(stage.handle.circuit_breaker().state(), State::Open, "a deadline has nothing to do with it");
    let error = stage.get().await.expect_err("the circuit is open");
    assert_eq!(error.downcast_ref::<Refused>().map(Refused::why), Some(Why::CircuitOpen));

    let patient = mesh::circuit_breaker::Policy { consecutive_failures: Some(9), ..breaker() };
    stage
        .handle
        .reload(ClientPolicy { circuit_breaker: Some(patient), ..policy })
        .expect("a policy in its ranges");
    assert_eq!(stage.get().await.expect("another breaker"), 200);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_in_use_meets_the_new_policy_with_its_next_call() {
    let mut stage = Stage::new(plain());
    let mut clone = stage.service.clone();
    stage.upstream.will([status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 503);
    stage.handle.reload(ClientPolicy { attempts: retrying(2), ..plain() }).expect("a policy in its ranges");
    stage.upstream.will([status(503), status(200), status(503), status(200)]);
    assert_eq!(stage.get().await.expect("tried again"), 200);
    assert_eq!(ready_call(&mut clone, asking(Method::GET, "/")).await.expect("tried again").status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_wrong_leaves_the_one_before() {
    let mut stage = Stage::new(plain());
    let wrong = ClientPolicy { concurrency: Some(concurrency::Policy::fixed(0)), ..plain() };
    let error = stage.handle.reload(wrong).expect_err("out of range");
    assert!(error.to_string().contains("`concurrency.limit.fixed`"), "{error}");
    assert_eq!(stage.handle.policy(), plain());
    assert_eq!(stage.get().await.expect("as before"), 200);
}

#[tokio::test(start_paused = true)]
async fn tries_of_a_route_have_its_time_out_and_the_others_the_service_s() {
    let until = |headers| timeout::Policy { headers, ..timeout::Policy::default() };
    let route = |headers| ClientRoute {
        name: "slow".into(),
        matches: Matches { path: "/slow".into(), ..Matches::default() },
        timeout: Some(until(headers)),
        ..ClientRoute::default()
    };
    let policy =
        |of_all, of_route| ClientPolicy { timeout: until(of_all), routes: vec![route(of_route)], ..plain() };
    let mut stage = Stage::new(policy(SECOND, 3 * SECOND));
    let took = async |stage: &mut Stage, path| {
        stage.upstream.will([never()]);
        let begun = Instant::now();
        stage.call(asking(Method::GET, path)).await.expect_err("nobody answers");
        let told = stage.upstream.seen().pop().expect("a request").headers["x-request-timeout-ms"].clone();
        (begun.elapsed(), told.to_str().expect("text").to_owned())
    };
    assert_eq!(took(&mut stage, "/").await, (SECOND, "1000".to_owned()));
    assert_eq!(took(&mut stage, "/slow").await, (3 * SECOND, "3000".to_owned()));
    stage.handle.reload(policy(2 * SECOND, 4 * SECOND)).expect("a policy in its ranges");
    assert_eq!(took(&mut stage, "/").await, (2 * SECOND, "2000".to_owned()));
    assert_eq!(took(&mut stage, "/slow").await, (4 * SECOND, "4000".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_route_that_stays_goes_on_counting_and_one_that_is_new_begins() {
    let route = |name: &str, path: &str| ClientRoute {
        name: name.into(),
        matches: Matches { path: path.into(), ..Matches::default() },
        ..ClientRoute::default()
    };
    let mut stage = Stage::new(ClientPolicy { routes: vec![route("a", "/a")], ..plain() });
    stage.call(asking(Method::GET, "/a")).await.expect("an answer");
    let policy = ClientPolicy { routes: vec![route("b", "/b"), route("a", "/a")], ..plain() };
    stage.handle.reload(policy).expect("a policy in its ranges");
    stage.call(asking(Method::GET, "/b")).await.expect("an answer");
    let counted: Vec<_> = stage
        .handle
        .routes()
        .iter()
        .map(|route| (route.name.to_string(), route.calls.outcomes(Outcome::Success)))
        .collect();
    assert_eq!(counted, [("b".to_owned(), 1), ("a".to_owned(), 1), ("default".to_owned(), 0)]);
}
