//! What is retried, how often and when.

use mesh::{budget::Policy as BudgetPolicy, deadline::Deadline};
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_call_that_goes_well_is_made_once() {
    let mut stage = Stage::new(Policy::default());
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!(stage.upstream.calls(), 1);
    assert!(
        !stage.upstream.seen()[0].headers.contains_key("x-retry-attempt"),
        "a first attempt is not marked"
    );
    let seen = stage.handle.snapshot();
    assert!(seen.retries.iter().all(|(_, count)| *count == 0) && seen.saved == 0);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_made_again_until_it_goes_well_and_each_attempt_is_marked() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503), error(|| "the connection broke".into()), status(204)]);
    assert_eq!(stage.get().await.expect("an answer"), 204);
    let marks: Vec<_> =
        stage.upstream.seen().iter().map(|seen| seen.headers.get("x-retry-attempt").cloned()).collect();
    assert_eq!(marks, [None, Some(1.into()), Some(2.into())]);
    assert_eq!((stage.retries(Reason::Failure), stage.handle.snapshot().saved), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn when_the_attempts_are_used_up_the_last_answer_is_passed_on() {
    let mut stage = Stage::new(Policy { attempts: 2, ..Policy::default() });
    stage.upstream.will([status(500), status(502)]);
    assert_eq!(stage.get().await.expect("an answer"), 502);
    assert_eq!((stage.upstream.calls(), stage.ended(Ended::Attempts)), (2, 1));
    stage.upstream.will([status(500), error(|| "the connection broke".into())]);
    assert_eq!(stage.get().await.expect_err("its error").to_string(), "the connection broke");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_refuses_is_its_answer() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(404)]);
    assert_eq!(stage.get().await.expect("an answer"), 404);
    assert_eq!(stage.upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_made_again_unless_the_policy_says_otherwise() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(429)]);
    assert_eq!(stage.get().await.expect("an answer"), 200);
    assert_eq!(stage.retries(Reason::Throttled), 1);
    let mut stage = Stage::new(Policy { throttled: false, ..Policy::default() });
    stage.upstream.will([status(429)]);
    assert_eq!(stage.get().await.expect("an answer"), 429);
    assert_eq!(stage.upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_back_off_is_no_longer_than_its_doublings_and_spread_over_them() {
    let backoff = Backoff { first: SECOND, longest: SECOND * 2 };
    let mut waits = vec![];
    let mut stage = Stage::new(Policy { backoff, ..Policy::default() });
    for _ in 0..30 {
        stage.upstream.will([status(500), status(500)]);
        let begun = Instant::now();
        assert_eq!(stage.get().await.expect("an answer"), 200);
        waits.push(begun.elapsed());
    }
    assert!(waits.iter().all(|wait| *wait <= SECOND * 3), "{waits:?}");
    assert!(
        waits.iter().any(|wait| *wait < SECOND) && waits.iter().any(|wait| *wait > SECOND * 2),
        "{waits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_before_the_back_off() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503).header("retry-after", "7")]);
    let begun = Instant::now();
    assert_eq!(stage.get().await.expect("an answer"), 200);
    let waited = begun.elapsed();
    assert!(waited >= SECOND * 7 && waited <= SECOND * 7 + Duration::from_millis(27), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_too_long_a_pause_is_not_tried_again() {
    let mut stage = Stage::new(Policy { retry_after_at_most: SECOND * 5, ..Policy::default() });
    stage.upstream.will([status(503).header("retry-after", "6")]);
    let begun = Instant::now();
    assert_eq!(stage.get().await.expect("an answer"), 503);
    assert_eq!((stage.upstream.calls(), begun.elapsed()), (1, Duration::ZERO));
    assert_eq!(stage.ended(Ended::Pushback), 1);
    assert_eq!(stage.handle.budget().snapshot().granted, 0, "what is not sent costs nothing");
}

#[tokio::test(start_paused = true)]
async fn with_one_attempt_nothing_is_retried_and_nothing_cloned() {
    let mut stage = Stage::new(Policy { attempts: 1, ..Policy::default() });
    let mut request = get();
    request.extensions_mut().insert(CountsClones);
    stage.upstream.will([status(503)]);
    CLONES.with(|clones| clones.set(0));
    assert_eq!(stage.call(request).await.expect("an answer"), 503);
    assert_eq!((stage.upstream.calls(), CLONES.with(std::cell::Cell::get)), (1, 0));
}

thread_local! {
    static CLONES: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

struct CountsClones;

impl Clone for CountsClones {
    fn clone(&self) -> Self {
        CLONES.with(|clones| clones.set(clones.get() + 1));
        Self
    }
}

#[test]
fn a_wrong_policy_names_every_field() {
    let policy = Policy {
        attempts: 0,
        backoff: Backoff { first: Duration::ZERO, longest: SECOND * 61 },
        retry_after_at_most: SECOND * 3601,
        body_at_most: u64::MAX,
        unprocessed: mesh::retry::Unprocessed { statuses: vec![200], grpc_codes: vec![17] },
        budget: BudgetPolicy { percent: 101, floor: 10_001, window: SECOND * 61, buckets: 1 },
        ..Policy::default()
    };
    let invalid = policy.validate().expect_err("every field is wrong");
    let fields: Vec<_> = invalid.problems().iter().filter_map(|problem| problem.split('`').nth(1)).collect();
    let expected = [
        "attempts",
        "backoff.first",
        "backoff.longest",
        "retry_after_at_most",
        "body_at_most",
        "unprocessed.statuses",
        "unprocessed.grpc_codes",
        "budget.percent",
        "budget.floor",
        "budget.window",
        "budget.buckets",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn a_policy_is_read_from_a_configuration() {
    let read: Policy = serde_json::from_str(
        r#"{"attempts": 4, "backoff": {"first": "5ms"}, "unprocessed": {"grpc_codes": [14]}, "budget": {"percent": 30}}"#,
    )
    .expect("a policy");
    assert_eq!((read.attempts, read.backoff.first, read.budget.percent), (4, Duration::from_millis(5), 30));
    let again = serde_json::to_string(&read).expect("JSON");
    assert_eq!(serde_json::from_str::<Policy>(&again).expect("a policy"), read);
    serde_json::from_str::<Policy>(r#"{"tries": 4}"#).expect_err("no such field");
}

#[tokio::test(start_paused = true)]
async fn a_back_off_that_would_end_past_the_deadline_ends_the_retries_at_once() {
    let mut stage = Stage::new(Policy::default());
    for (pause, answer) in [("4", 200), ("5", 503), ("9", 503)] {
        stage.upstream.will([status(503).header("retry-after", pause)]);
        let mut request = get();
        request.extensions_mut().insert(Deadline::after(SECOND * 5));
        let begun = Instant::now();
        assert_eq!(stage.call(request).await.expect("an answer"), answer, "after a pause of {pause} s");
        assert!(answer == 200 || begun.elapsed().is_zero());
    }
    assert_eq!((stage.upstream.calls(), stage.ended(Ended::Deadline)), (4, 2));
    assert_eq!(stage.handle.budget().snapshot().granted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_that_of_the_task_counts_as_well() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503).header("retry-after", "9")]);
    let answer = mesh::deadline::scope(Deadline::after(SECOND * 5), stage.get()).await;
    assert_eq!((answer.expect("an answer"), stage.upstream.calls()), (503, 1));
}
