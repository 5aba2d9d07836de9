//! Who is ejected, for how long, and who only would have been.

use mesh::balance::{Reason, Spared, SuccessRate};

use super::*;

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_eject_and_each_time_for_longer() {
    let mut stage = Stage::new(ejections(10), 3).await;
    stage.fails(1, 3).await;
    let lasts = |stage: &Stage| {
        stage.changes().iter().rev().find_map(|change| match change {
            Change::Ejected(_, lasts) => Some(*lasts),
            _ => None,
        })
    };
    assert_eq!(lasts(&stage), Some(SECOND * 30));
    let before = stage.calls()[0];
    pass(SECOND * 29).await;
    stage.call(50).await;
    assert_eq!((stage.calls()[0], stage.snapshot().ejected), (before, 1));
    pass(SECOND * 11).await;
    assert_eq!((stage.snapshot().ejected, stage.snapshot().returned), (0, 1), "at the end of an interval");
    stage.fails(1, 3).await;
    assert_eq!(lasts(&stage), Some(SECOND * 60));
    // It returns after 60 to 70 s, and three healthy intervals forgive both of its ejections.
    for _ in 0..11 {
        pass(SECOND * 10).await;
    }
    assert_eq!(stage.snapshot().ejected, 0);
    stage.fails(1, 3).await;
    assert_eq!(lasts(&stage), Some(SECOND * 30), "it was well for a while");
    assert_eq!(stage.snapshot().ejections(Reason::ConsecutiveFailures(3)), 3);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_worse_than_the_others_is_ejected_and_one_that_does_as_they_do_is_not() {
    let rate = SuccessRate { minimum_calls: 20, ..SuccessRate::default() };
    let outlier = Outlier { consecutive_failures: None, success_rate: Some(rate), ..Outlier::default() };
    let policy = Policy { outlier: Some(outlier), ..plain() };
    let stage = Stage::new(policy.clone(), 5).await;
    let fails = |stage: &Stage, number: u8, one_in: usize| {
        let answers = (0..1000).map(|call| Answer::Status(if call % one_in == 0 { 500 } else { 200 }));
        stage.server(number).will(answers);
    };
    fails(&stage, 5, 2);
    let mut stage = stage;
    stage.call(400).await;
    assert_eq!(stage.snapshot().ejected, 0, "the interval is not over");
    pass(SECOND * 10).await;
    assert_eq!(stage.snapshot().ejected, 1);
    assert!(matches!(
        stage.changes().last(),
        Some(Change::Ejected(Reason::SuccessRate { percent: 45..=50, .. }, _))
    ));
    let mut alike = Stage::new(policy, 5).await;
    for number in 1..=5 {
        fails(&alike, number, 2);
    }
    alike.call(400).await;
    pass(SECOND * 10).await;
    assert_eq!(alike.snapshot().ejected, 0);
}

#[tokio::test(start_paused = true)]
async fn too_few_endpoints_or_calls_say_nothing() {
    let outlier = Outlier { consecutive_failures: None, ..Outlier::default() };
    for (servers, calls) in [(4, 1000), (5, 90)] {
        let mut stage = Stage::new(Policy { outlier: Some(outlier.clone()), ..plain() }, servers).await;
        stage.server(1).will(vec![Answer::Status(500); 1000]);
        stage.call(calls).await;
        pass(SECOND * 10).await;
        assert_eq!(stage.snapshot().ejected, 0, "{servers} endpoints, {calls} calls");
    }
}

#[tokio::test(start_paused = true)]
async fn in_shadow_mode_ejections_are_only_told() {
    let policy = ejections(10);
    let outlier = policy.outlier.map(|outlier| Outlier { enforce_percent: 0, ..outlier });
    let mut stage = Stage::new(Policy { outlier, ..policy }, 3).await;
    stage.fails(1, 6).await;
    assert_eq!((stage.snapshot().ejected, stage.snapshot().spared(Spared::NotEnforced)), (0, 2));
    let told = Change::Spared(Reason::ConsecutiveFailures(3), Spared::NotEnforced);
    assert_eq!(stage.changes().iter().filter(|change| **change == told).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn refusals_and_throttled_calls_are_no_failures() {
    let mut stage = Stage::new(ejections(10), 2).await;
    for number in 1..=2 {
        stage.server(number).will([404, 429].repeat(20).into_iter().map(Answer::Status));
    }
    stage.call(80).await;
    assert_eq!(stage.snapshot().ejected, 0);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_and_comes_back_begins_anew_and_who_stays_keeps_what_is_known() {
    let mut stage = Stage::new(ejections(10), 3).await;
    stage.fails(1, 3).await;
    stage.follow([1, 2]).await;
    assert_eq!(stage.snapshot().ejected, 1);
    stage.follow([2, 3]).await;
    assert_eq!(stage.snapshot().ejected, 0);
    stage.follow([1, 2, 3]).await;
    assert_eq!(stage.snapshot().ejected, 0);
    assert_eq!(stage.snapshot().endpoints[0].answers_in, None);
    assert!(stage.snapshot().endpoints[1].answers_in.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_became_of_endpoints_is_shown_in_numbers() {
    let telemetry = mesh::telemetry::Telemetry::default();
    let mut stage = Stage::new(ejections(10), 3).await;
    let _shown = telemetry.show("orders", "", stage.handle.clone());
    stage.fails(1, 3).await;
    let families = telemetry.families();
    let number = |name: &str, label: &str| {
        let samples =
            families.iter().find(|families| families.family.name == name).expect(name).samples.iter();
        let mut samples = samples.filter(|sample| sample.labels.iter().all(|value| *value == label));
        samples.next().expect(label).value
    };
    assert_eq!(number("mesh_balance_ejections_total", "consecutive_failures"), 1.0);
    assert_eq!(number("mesh_balance_ejections_total", "success_rate"), 0.0);
    assert_eq!(number("mesh_balance_endpoints", "eligible"), 2.0);
    assert_eq!(number("mesh_balance_sets_total", ""), 1.0);
}
