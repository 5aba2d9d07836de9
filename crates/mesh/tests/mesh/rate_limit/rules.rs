//! How many calls pass, and what is counted.

use futures_util::poll;
use mesh::answer::AnswerLayer;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_burst_passes_at_once_and_then_one_call_after_the_other() {
    let (limit, server) = (limit(), Server::default());
    let mut service = limit.layer(server.clone());
    for _ in 0..2 {
        call(&mut service).await.expect("of the burst");
    }
    assert_eq!(refused(&mut service).await, MILLISECOND * 500);
    advance(MILLISECOND * 499).await;
    assert_eq!(refused(&mut service).await, MILLISECOND, "who was refused waits no longer for having asked");
    advance(MILLISECOND).await;
    call(&mut service).await.expect("the next");
    assert_eq!(refused(&mut service).await, MILLISECOND * 500);
    assert_eq!((server.calls(), limit.handle().snapshot().refused), (3, 3));
}

/// A window that begins anew lets twice as many pass around its edge.
#[tokio::test(start_paused = true)]
async fn there_is_no_edge_at_which_a_second_burst_passes() {
    let server = Server::default();
    let mut service = limit().layer(server.clone());
    advance(MILLISECOND * 999).await;
    for _ in 0..2 {
        call(&mut service).await.expect("of the burst");
    }
    advance(MILLISECOND * 2).await;
    assert_eq!(refused(&mut service).await, MILLISECOND * 498);
    assert_eq!(server.calls(), 2);
}

/// router#6148: every connection had a pipeline of its own, and with it a limit of its own.
#[tokio::test(start_paused = true)]
async fn a_limit_is_one_for_all_connections_and_clones() {
    let (limit, server) = (limit(), Server::default());
    call(&mut limit.layer(server.clone())).await.expect("of the first connection");
    call(&mut limit.clone().layer(server.clone())).await.expect("of the second");
    let mut third = limit.layer(server.clone());
    assert_eq!(refused(&mut third).await, MILLISECOND * 500);
    assert_eq!(refused(&mut third.clone()).await, MILLISECOND * 500);
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_asked_gets_429_and_when_to_come_again() {
    let service = AnswerLayer::new().layer(limit().layer(Server::default()));
    let mut last = None;
    for _ in 0..3 {
        let Ok(response) = service.clone().oneshot(Request::new(())).await;
        last = Some(response);
    }
    let last = last.expect("three answers");
    assert_eq!(
        (last.status().as_u16(), &last.headers()["retry-after"]),
        (429, &"1".parse().expect("a value"))
    );
}

/// tower's own limit takes its place in `poll_ready`, where who never calls keeps it.
#[tokio::test(start_paused = true)]
async fn readiness_reserves_nothing() {
    let (limit, server) = (limit(), Server::default());
    let mut idle: Vec<RateLimit<Server>> = (0..10).map(|_| limit.layer(server.clone())).collect();
    for service in &mut idle {
        service.ready().await.expect("ready");
    }
    let mut service = limit.layer(server.clone());
    for _ in 0..2 {
        call(&mut service).await.expect("of the burst");
    }
    let still_ready = idle.remove(0).call(Request::new(()));
    assert_eq!(refusal(still_ready.await).retry_in(), Some(MILLISECOND * 500));
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_ready_is_waited_for_before_anything_is_counted() {
    let (limit, server) = (limit(), Server::default());
    server.is_stuck(true);
    let mut service = limit.layer(server.clone());
    let mut waiting = Box::pin(call(&mut service));
    assert!(poll!(&mut waiting).is_pending());
    drop(waiting);
    server.is_stuck(false);
    for _ in 0..2 {
        call(&mut service).await.expect("of the burst");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_stays_counted() {
    let (limit, server) = (limit(), Server::default());
    server.will([Answer::Never, Answer::Never]);
    let mut service = limit.layer(server.clone());
    for _ in 0..2 {
        let mut left = Box::pin(call(&mut service));
        assert!(poll!(&mut left).is_pending());
    }
    assert_eq!(refused(&mut service).await, MILLISECOND * 500);
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_server_are_passed_on_as_they_are() {
    let server = Server::default();
    server.will([Answer::Breaks]);
    let error = call(&mut limit().layer(server.clone())).await.expect_err("an error");
    assert_eq!(error.to_string(), "the connection broke");
    server.is_broken(true);
    let error = limit().layer(server).ready().await.expect_err("an error").to_string();
    assert_eq!(error, "the connection is gone");
}

#[test]
fn wrong_policies_name_every_field() {
    let policy =
        Policy { calls: 0, per: Duration::ZERO, burst: 0, keys: 0, headers: true, name: "a \"name\"".into() };
    let problems = RateLimitLayer::new(policy).expect_err("five fields").problems().to_vec();
    let fields: Vec<_> = problems.iter().filter_map(|problem| problem.split('`').nth(1)).collect();
    assert_eq!(fields, ["calls", "per", "burst", "keys", "name"]);
    let slow = Policy { calls: 1, per: SECOND * 86_400, burst: 31, ..Policy::default() };
    assert_eq!(slow.validate().expect_err("one").problems(), ["`burst`: whole again within 30 days"]);
    for most in [1, 1_000_000] {
        let policy = Policy { calls: most, burst: most, keys: 10_000_000, ..Policy::default() };
        policy.validate().expect("in its ranges");
    }
}

#[test]
fn a_policy_is_read_and_written() {
    let read = |text| serde_json::from_str::<Policy>(text).expect("a policy");
    assert_eq!(read("{}"), Policy::default());
    let text = serde_json::to_string(&policy()).expect("text");
    assert_eq!(text, r#"{"calls":2,"per":"1s","burst":2,"keys":10000,"headers":true,"name":"default"}"#);
    assert_eq!(read(&text), policy());
    assert!(serde_json::from_str::<Policy>(r#"{"bursts": 2}"#).is_err());
}
