//! When it trips, and how it comes back.

use mesh::circuit_breaker::{CircuitBreakerLayer, Mode, Reason, SlowCalls};

use super::*;

#[tokio::test(start_paused = true)]
async fn so_many_failures_in_a_row_trip_it() {
    let mut stage = Stage::new(policy());
    stage.answers(Answer::Status(500)).await;
    stage.answers(Answer::Status(200)).await;
    stage.answers(Answer::Breaks).await;
    assert_eq!(stage.handle.state(), State::Closed);
    stage.answers(Answer::Status(503)).await;
    assert_eq!(stage.states(), [(State::Open, "consecutive_failures")]);
    assert_eq!(stage.refuses().await.retry_in(), Some(SECOND));
    assert_eq!(stage.handle.snapshot().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_server_is_a_sign_of_health_and_a_throttled_call_none_of_anything() {
    let mut stage = Stage::new(policy());
    stage.answers(Answer::Status(500)).await;
    stage.answers(Answer::Status(404)).await;
    stage.answers(Answer::Status(500)).await;
    stage.answers(Answer::Status(429)).await;
    assert_eq!(stage.handle.snapshot().consecutive_failures, 1);
    stage.answers(Answer::Status(500)).await;
    assert_eq!(stage.handle.state(), State::Open);
    let mut strict = Stage::new(Policy { throttled_fails: true, ..policy() });
    strict.answers(Answer::Status(429)).await;
    strict.answers(Answer::Asks(429, 7)).await;
    assert_eq!(strict.refuses().await.retry_after_seconds(), Some(7));
}

#[tokio::test(start_paused = true)]
async fn a_share_of_failures_trips_it_once_there_are_enough_calls() {
    let rates =
        Policy { consecutive_failures: None, failure_percent: Some(50), minimum_calls: 4, ..policy() };
    let mut stage = Stage::new(rates);
    for status in [500, 500, 200] {
        stage.answers(Answer::Status(status)).await;
    }
    assert_eq!(stage.handle.state(), State::Closed);
    stage.answers(Answer::Status(500)).await;
    assert_eq!(stage.states(), [(State::Open, "failure_share")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_the_window_is_forgotten() {
    let rates =
        Policy { consecutive_failures: None, failure_percent: Some(50), minimum_calls: 4, ..policy() };
    let mut stage = Stage::new(rates);
    for _ in 0..3 {
        stage.answers(Answer::Status(500)).await;
    }
    pass(SECOND * 10).await;
    stage.answers(Answer::Status(500)).await;
    let seen = stage.handle.snapshot();
    assert_eq!((seen.state, seen.calls, seen.failures), (State::Closed, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_share_of_slow_calls_trips_it_and_a_slow_probe_fails() {
    let slow_calls = Some(SlowCalls { from: SECOND, percent: 100 });
    let slow = Policy { consecutive_failures: None, slow_calls, minimum_calls: 2, ..policy() };
    let mut stage = Stage::new(slow);
    stage.answers(Answer::After(SECOND, 200)).await;
    stage.answers(Answer::After(SECOND, 200)).await;
    pass(SECOND).await;
    stage.answers(Answer::After(SECOND, 200)).await;
    pass(SECOND * 2).await;
    stage.answers(Answer::After(SECOND / 2, 200)).await;
    let expected = [
        (State::Open, "slow_share"),
        (State::HalfOpen, "backoff_over"),
        (State::Open, "probe_slow"),
        (State::HalfOpen, "backoff_over"),
        (State::Closed, "probes_succeeded"),
    ];
    assert_eq!(stage.states(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_back_off_doubles_with_each_probe_that_fails() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let almost = SECOND * seconds - Duration::from_millis(1);
        pass(almost).await;
        assert_eq!(stage.refuses().await.retry_in(), Some(Duration::from_millis(1)));
        pass(Duration::from_millis(1)).await;
        stage.answers(Answer::Status(500)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_keeps_it_open_for_longer_but_not_for_ever() {
    let mut stage = Stage::new(policy());
    stage.answers(Answer::Status(503)).await;
    stage.answers(Answer::Asks(503, 30)).await;
    assert_eq!(stage.refuses().await.retry_in(), Some(SECOND * 30));
    pass(SECOND * 30).await;
    stage.answers(Answer::Asks(503, 9_999_999)).await;
    assert_eq!(stage.refuses().await.retry_in(), Some(SECOND * 300));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_flaps_goes_on_with_the_next_back_off() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    stage.trips().await;
    assert_eq!(stage.refuses().await.retry_in(), Some(SECOND * 2));
    pass(SECOND * 2).await;
    stage.answers(Answer::Status(200)).await;
    pass(SECOND * 2).await;
    stage.trips().await;
    assert_eq!(stage.refuses().await.retry_in(), Some(SECOND), "it was well for a while");
}

#[tokio::test(start_paused = true)]
async fn it_closes_when_all_probes_have_succeeded() {
    let mut stage = Stage::new(Policy { probes: 3, ..policy() });
    stage.trips().await;
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    stage.answers(Answer::Status(404)).await;
    assert_eq!(stage.handle.state(), State::HalfOpen);
    stage.answers(Answer::Status(200)).await;
    assert_eq!(stage.handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_throttled_has_failed() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    pass(SECOND).await;
    stage.answers(Answer::Status(429)).await;
    assert_eq!(stage.states().last(), Some(&(State::Open, "probe_failed")));
}

#[tokio::test(start_paused = true)]
async fn a_forced_breaker_does_what_it_is_forced_to_and_begins_anew_afterwards() {
    let mut stage = Stage::new(policy());
    stage.handle.set_mode(Mode::ForcedOpen);
    assert_eq!(stage.refuses().await.retry_in(), None);
    stage.handle.set_mode(Mode::ForcedClosed);
    for _ in 0..5 {
        stage.answers(Answer::Status(500)).await;
    }
    assert_eq!((stage.handle.mode(), stage.handle.state()), (Mode::ForcedClosed, State::Closed));
    stage.handle.set_mode(Mode::Automatic);
    assert_eq!(stage.handle.snapshot().consecutive_failures, 0);
    stage.trips().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_only_observes_changes_as_it_would_and_refuses_nobody() {
    let mut stage = Stage::new(policy());
    stage.handle.set_mode(Mode::ObserveOnly);
    stage.trips().await;
    stage.answers(Answer::Status(200)).await;
    assert_eq!((stage.handle.state(), stage.handle.snapshot().refused), (State::Open, 1));
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    assert_eq!(stage.handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn generations_are_told_without_a_gap() {
    let mut stage = Stage::new(policy());
    stage.trips().await;
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    let told = stage.told.lock().expect("a listener that does not panic").clone();
    assert_eq!(told.iter().map(|change| change.generation).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(told[0].open_for, Some(SECOND));
    assert_eq!((told[2].from, told[2].to), (State::HalfOpen, State::Closed));
}

#[test]
fn a_policy_out_of_its_ranges_is_refused_with_the_names_of_all_its_fields() {
    let wrong = Policy { consecutive_failures: Some(0), probes: 0, buckets: 1, ..Policy::default() };
    let error = CircuitBreakerLayer::new(wrong, Http::new()).expect_err("out of range");
    assert_eq!(error.problems().len(), 3);
    for field in ["`consecutive_failures`", "`probes`", "`buckets`"] {
        assert!(error.to_string().contains(field), "{error}");
    }
    let nan = Backoff { jitter: f64::NAN, ..Backoff::default() };
    assert!(Policy { open: nan, ..Policy::default() }.validate().is_err());
    assert_eq!(Policy::default().validate(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_handle_tells_since_when_and_why_the_breaker_is_as_it_is() {
    let mut stage = Stage::new(policy());
    pass(SECOND * 3).await;
    let seen = stage.handle.snapshot();
    assert_eq!((seen.since, seen.reason), (SECOND * 3, None));
    stage.trips().await;
    pass(SECOND / 2).await;
    let seen = stage.handle.snapshot();
    assert_eq!((seen.since, seen.next_probe), (SECOND / 2, Some(SECOND / 2)));
    assert_eq!(seen.reason, Some(Reason::ConsecutiveFailures(2)));
    pass(SECOND).await;
    stage.answers(Answer::Status(200)).await;
    let seen = stage.handle.snapshot();
    assert_eq!(
        (seen.state, seen.since, seen.reason),
        (State::Closed, Duration::ZERO, Some(Reason::ProbesSucceeded))
    );
}

#[test]
fn a_policy_is_read_as_people_write_it_and_written_as_it_is_read() {
    let written = r#"{
        "consecutive_failures": 3,
        "slow_calls": { "from": "2s", "percent": 80 },
        "window": "30s",
        "open": { "first": "500ms", "jitter": 0.2 }
    }"#;
    let policy: Policy = serde_json::from_str(written).expect("a policy");
    let expected = Policy {
        consecutive_failures: Some(3),
        slow_calls: Some(SlowCalls { from: SECOND * 2, percent: 80 }),
        window: SECOND * 30,
        open: Backoff { first: SECOND / 2, jitter: 0.2, ..Backoff::default() },
        ..Policy::default()
    };
    assert_eq!(policy, expected);
    let again = serde_json::to_string(&policy).expect("a policy that can be written");
    assert_eq!(serde_json::from_str::<Policy>(&again).expect("a policy"), policy);
    let misspelt = serde_json::from_str::<Policy>(r#"{ "minimum_call": 5 }"#).expect_err("no such field");
    assert!(misspelt.to_string().contains("minimum_call"), "{misspelt}");
}
