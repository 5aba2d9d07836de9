//! When a call is hedged, and who wins.

use mesh::{Refused, Why};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_longer_than_most_is_made_again_and_the_loser_is_cancelled() {
    let mut stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([never(), status(204)]);
    let begun = Instant::now();
    assert_eq!(stage.get().await.expect("an answer"), 204);
    let took = begun.elapsed();
    assert!(took >= USUAL && took <= USUAL * 17 / 16 + Duration::from_millis(2), "{took:?}");
    assert_eq!((stage.calls(), stage.upstream.dropped()), (2, 1));
    assert_eq!(stage.upstream.seen()[101].headers["x-retry-attempt"], "1");
    let seen = stage.handle.snapshot();
    assert_eq!((seen.sent, seen.won), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn if_the_first_attempt_answers_after_all_the_hedge_is_cancelled() {
    let mut stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([status(201).after(USUAL * 2), never()]);
    assert_eq!(stage.get().await.expect("an answer"), 201);
    assert_eq!((stage.calls(), stage.upstream.dropped()), (2, 1));
    let seen = stage.handle.snapshot();
    assert_eq!((seen.sent, seen.won), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_slow_is_made_once() {
    let mut stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([status(200).after(USUAL / 2), status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!(stage.get().await.expect("an answer"), 503, "a failure is no hedge's task");
    assert_eq!(stage.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn until_enough_calls_are_known_none_is_hedged() {
    let mut stage = Stage::new(Policy::default());
    assert_eq!(stage.handle.snapshot().due_after, None);
    stage.upstream.will([status(200).after(SECOND * 60)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!(stage.upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_hedge_comes_before_the_minimum() {
    let mut stage = Stage::warm(Policy { not_before: SECOND, ..Policy::default() }).await;
    assert_eq!(stage.handle.snapshot().due_after, Some(SECOND));
    stage.upstream.will([status(200).after(SECOND - USUAL)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!(stage.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_a_call_that_is_safe_is_hedged() {
    let post = || Request::builder().method(Method::POST).body("an order".into()).expect("a request");
    let mut stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([status(200).after(SECOND)]);
    assert_eq!(stage.call(post()).await.expect("an answer"), 200);
    assert_eq!(stage.calls(), 1);
    let mut stage = Stage::warm(Policy { idempotent: true, ..Policy::default() }).await;
    stage.upstream.will([never()]);
    assert_eq!(stage.call(post()).await.expect("an answer"), 200);
    assert_eq!(stage.upstream.seen()[101].body, b"an order");
}

#[tokio::test(start_paused = true)]
async fn a_hedge_whose_body_is_not_sent_yet_is_none() {
    let policy = Policy { idempotent: true, ..Policy::default() };
    let mut stage = Stage::warm(policy).await;
    stage.upstream.will([status(200).reading(0).after(SECOND)]);
    let body = Request::builder().body("an order".into()).expect("a request");
    assert_eq!(stage.call(body).await.expect("an answer"), 200);
    assert_eq!((stage.calls(), stage.handle.snapshot().not_sent(NotSent::Body)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_win_while_the_other_may_do_better() {
    let mut stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([status(503).after(USUAL * 2), status(204).after(USUAL * 3)]);
    assert_eq!(stage.get().await.expect("an answer"), 204);
    stage.upstream.will([status(204).after(USUAL * 3), status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 204);
    stage.upstream.will([status(502).after(USUAL * 2), error(|| "the connection broke".into())]);
    assert_eq!(stage.get().await.expect("an answer"), 502, "of two failures the first attempt's");
    stage.upstream.will([status(502).after(USUAL * 2), status(503).after(USUAL * 3)]);
    assert_eq!(stage.get().await.expect("an answer"), 502);
}

#[tokio::test(start_paused = true)]
async fn without_room_in_the_budget_there_is_no_hedge() {
    let none = budget::Policy { floor: 0, percent: 0, ..budget::Policy::default() };
    let mut stage = Stage::with_budget(Policy::default(), Budget::new(none).expect("a policy in its ranges"));
    stage.warms_up().await;
    stage.upstream.will([status(200).after(SECOND)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!((stage.calls(), stage.handle.snapshot().not_sent(NotSent::Budget)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_is_refused_costs_nothing_and_ends_nothing() {
    let mut stage = Stage::warm(Policy::default()).await;
    let refused = error(|| Box::new(Refused::new(Why::CircuitOpen, None)));
    stage.upstream.will([status(200).after(USUAL * 2), refused]);
    let left = stage.handle.snapshot().budget_left;
    assert_eq!(stage.get().await.expect("an answer"), 200);
    let seen = stage.handle.snapshot();
    assert_eq!((seen.not_sent(NotSent::Refused), seen.won), (1, 0));
    assert!(seen.budget_left >= left);
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_overtaken_do_not_make_the_percentile_look_better() {
    let mut stage = Stage::warm(Policy { percentile: 50.0, ..Policy::default() }).await;
    let before = stage.handle.snapshot().due_after.expect("enough calls");
    for _ in 0..300 {
        stage.upstream.will([never(), status(200)]);
        stage.get().await.expect("an answer");
    }
    let after = stage.handle.snapshot().due_after.expect("enough calls");
    assert!(after >= before, "{after:?} after {before:?}");
}

#[tokio::test(start_paused = true)]
async fn failures_that_come_at_once_do_not_make_the_percentile_smaller() {
    let mut stage = Stage::warm(Policy::default()).await;
    let before = stage.handle.snapshot().due_after;
    stage.upstream.will(vec![status(503); 1_000]);
    for _ in 0..1_000 {
        assert_eq!(stage.get().await.expect("an answer"), 503);
    }
    assert_eq!(stage.handle.snapshot().due_after, before);
}

#[test]
fn a_wrong_policy_names_every_field() {
    let policy = Policy {
        percentile: f64::NAN,
        not_before: SECOND * 61,
        minimum_calls: 0,
        body_at_most: u64::MAX,
        idempotent: false,
        budget: budget::Policy { buckets: 1, ..budget::Policy::default() },
    };
    let invalid = policy.validate().expect_err("every field is wrong");
    let fields: Vec<_> = invalid.problems().iter().filter_map(|problem| problem.split('`').nth(1)).collect();
    assert_eq!(fields, ["percentile", "not_before", "minimum_calls", "body_at_most", "budget.buckets"]);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_is_due_after_the_deadline_is_none() {
    let mut stage = Stage::warm(Policy::default()).await;
    stage.upstream.will([status(200).after(SECOND)]);
    let mut request = get();
    request.extensions_mut().insert(mesh::deadline::Deadline::after(USUAL / 2));
    assert_eq!(stage.call(request).await.expect("an answer"), 200);
    assert_eq!((stage.calls(), stage.handle.snapshot().not_sent(NotSent::Deadline)), (1, 1));
}
