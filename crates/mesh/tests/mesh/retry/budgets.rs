//! Retries within their budget.

use super::*;

fn exactly(percent: u8, floor: u32) -> Budget {
    Budget::new(budget::Policy { percent, floor, ..budget::Policy::default() })
        .expect("a policy in its ranges")
}

/// Nothing to wait for, so that only the budget says how many there are.
fn eager() -> Policy {
    Policy { attempts: 2, ..Policy::default() }
}

#[tokio::test(start_paused = true)]
async fn when_the_budget_is_used_up_the_answer_is_passed_on_at_once() {
    let mut stage = Stage::with_budget(eager(), exactly(0, 2));
    stage.upstream.will(vec![status(503); 20]);
    for _ in 0..5 {
        assert_eq!(stage.get().await.expect("an answer"), 503);
    }
    assert_eq!((stage.upstream.calls(), stage.ended(Ended::Budget)), (7, 3));
    assert_eq!(stage.handle.snapshot().budget_left, 0);
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_there_again_when_the_window_has_passed() {
    let mut stage = Stage::with_budget(eager(), exactly(0, 1));
    stage.upstream.will([status(503), status(200), status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!(stage.get().await.expect("an answer"), 503);
    tokio::time::advance(SECOND * 10).await;
    stage.upstream.will([status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_never_retried_are_traffic_too() {
    let mut stage = Stage::with_budget(eager(), exactly(20, 0));
    for _ in 0..4 {
        stage.call(post("")).await.expect("an answer");
    }
    stage.upstream.will([status(503)]);
    assert_eq!(stage.get().await.expect("an answer"), 200, "one of five");
}

#[tokio::test(start_paused = true)]
async fn layers_that_share_a_budget_share_its_room() {
    let budget = exactly(0, 1);
    let (mut one, mut other) =
        (Stage::with_budget(eager(), budget.clone()), Stage::with_budget(eager(), budget));
    one.upstream.will([status(503)]);
    other.upstream.will([status(503)]);
    assert_eq!(one.get().await.expect("an answer"), 200);
    assert_eq!(other.get().await.expect("an answer"), 503);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_during_the_back_off_gives_the_room_back_and_who_leaves_later_does_not() {
    let backoff = Backoff { first: SECOND, longest: SECOND };
    let mut stage = Stage::with_budget(Policy { backoff, ..eager() }, exactly(0, 1));
    stage.upstream.will([status(503)]);
    let mut call = Box::pin(stage.get());
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    assert_eq!(stage.handle.snapshot().budget_left, 1);
    stage.upstream.will([status(503), never()]);
    let gone = tokio::time::timeout(SECOND * 5, stage.get()).await;
    gone.expect_err("nobody answers");
    assert_eq!((stage.upstream.calls(), stage.handle.snapshot().budget_left), (3, 0));
}
