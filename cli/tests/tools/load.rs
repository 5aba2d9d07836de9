//! `switchyard load`.

use std::{collections::BTreeSet, time::Duration};

use chassis::shutdown;
use contracts::style::Style;
use serde_json::Value;
use switchyard::load::{Config, Kind, Load, Mix, Report};

use crate::{
    stand_in::{Faults, StandIn, stand_in, stand_in_with},
    terminal::switchyard,
};

/// An open loop of five seconds at a hundred orders a second, with few clients.
fn open() -> Config {
    let (duration, rate) = (Some(Duration::from_secs(5)), Some(100.0));
    Config {
        orders: None,
        duration,
        rate,
        clients: 4,
        warm_up: 0,
        mix: Mix::only(Kind::Completed),
        ..Config::default()
    }
}

fn stalling() -> StandIn {
    stand_in_with(&[Style::Rest], Faults { stall: Duration::from_secs(1), ..Faults::default() })
}

/// Whether the verdict gives this reason. Who the bottleneck was depends on the threads' real time too, which a paused clock knows
/// nothing of.
fn says(report: &Report, reason: &str) -> bool {
    report.verdict.reasons.iter().any(|it| it.contains(reason))
}

async fn run(config: &Config, stand_in: &StandIn) -> Report {
    Load::new(config, &stand_in.platform).run().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_order_of_the_mix_is_accounted_for() {
    let stand_in = stand_in();
    let ended =
        switchyard(&stand_in.platform, &["load", "--style", "rest", "--orders", "200", "--seed", "1"]).await;
    assert!(ended.told(0).contains("200 sent, 200 ended in"), "{}", ended.out);
    assert!(ended.out.contains("seed 1"), "{}", ended.out);
    for outcome in ["COMPLETED", "REJECTED OUT_OF_STOCK", "REJECTED INSUFFICIENT_CREDIT"] {
        assert!(ended.out.contains(outcome), "{outcome} in {}", ended.out);
    }
    assert_eq!(stand_in.world().state().orders.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn every_kind_ends_as_it_may_however_its_outcome_is_learned() {
    for learn in ["wait", "events", "poll"] {
        let stand_in = stand_in();
        let mix = Kind::ALL.map(|kind| format!("{kind}=1")).join(",");
        let arguments =
            ["load", "--style", "all", "--orders", "90", "--seed", "3", "--mix", &mix, "--learn", learn];
        let ended = switchyard(&stand_in.platform, &arguments).await;
        assert!(ended.told(0).contains("SHIPPED, unpaid"), "{learn}: {}", ended.out);
        assert!(ended.out.contains("CANCELLED CARRIER_REFUSED"), "{learn}: {}", ended.out);
    }
}

#[tokio::test(start_paused = true)]
async fn a_system_that_stalls_for_a_second_shows_it_in_an_open_loop() {
    let report = run(&open(), &stalling()).await;
    assert_eq!((report.orders.sent, report.orders.ended), (500, 500));
    // A fifth of all orders were due in that second, and waited for what was left of it.
    let times = report.to_outcome_ms;
    assert!(times.p90 >= 400.0 && times.p99 >= 900.0 && times.p50 < 100.0, "{times:?}");
    assert!(says(&report, "waited for one of 4 clients"), "{:?}", report.verdict);
    let second = report.seconds.iter().max_by(|one, other| one.max_ms.total_cmp(&other.max_ms)).unwrap();
    assert!(second.max_ms >= 900.0, "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_hides_the_stall_from_all_but_its_clients() {
    let config = Config { rate: None, orders: Some(2000), duration: None, ..open() };
    let report = run(&config, &stalling()).await;
    assert!(
        report.to_outcome_ms.max >= 900.0 && report.to_outcome_ms.p99 < 100.0,
        "{:?}",
        report.to_outcome_ms
    );
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_sent_in_time_is_told_and_is_a_failure() {
    let config = Config { backlog: Duration::from_millis(200), ..open() };
    let report = run(&config, &stalling()).await;
    assert!(report.orders.not_sent >= 50 && !report.is_well(), "{:?}", report.orders);
    assert_eq!(report.orders.sent + report.orders.not_sent, 500);
    assert!(says(&report, "were not sent at all"), "{:?}", report.verdict);
}

#[tokio::test(start_paused = true)]
async fn a_busy_system_is_asked_again_and_every_order_is_sent_once() {
    let stand_in = stand_in_with(&[Style::Rest], Faults { busy_every: 7, ..Faults::default() });
    let report =
        run(&Config { style: Some(Style::Rest), orders: Some(100), ..Config::default() }, &stand_in).await;
    assert!(report.is_well(), "{:?}", report.failures);
    assert!(report.pushback.unavailable > 0, "{:?}", report.pushback);
    assert_eq!(stand_in.world().state().orders.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn an_order_without_an_outcome_is_a_failure() {
    let stand_in = stand_in_with(&[Style::Rest], Faults { stuck: true, ..Faults::default() });
    let arguments = ["load", "--orders", "8", "--timeout", "5s", "--mix", "completed=1"];
    let ended = switchyard(&stand_in.platform, &arguments).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    assert!(ended.out.contains("8 sent, 0 ended, 8 failed"), "{}", ended.out);
    assert!(ended.out.contains("no outcome within 5 s"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_kind_does_not_have_is_a_failure() {
    let stand_in = stand_in_with(&[Style::Rest], Faults { oversell: true, ..Faults::default() });
    let config = Config { orders: Some(4), mix: Mix::only(Kind::OutOfStock), ..Config::default() };
    let report = run(&config, &stand_in).await;
    assert_eq!((report.orders.failed, report.is_well()), (4, false));
    assert!(report.failures[0].what.starts_with("COMPLETED, which is no end"), "{:?}", report.failures);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_told_to_stop_tells_what_it_has() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let (trigger, stop) = shutdown::drain();
    let soon = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        trigger.drain();
    };
    let config = open();
    let load = Load::new(&config, &stand_in.platform).until(stop).run();
    let (report, ()) = tokio::join!(load, soon);
    let report = report.unwrap();
    assert!(report.interrupted && report.is_well(), "{:?}", report.orders);
    assert!((150..=201).contains(&report.orders.ended), "{:?}", report.orders);
}

#[tokio::test(start_paused = true)]
async fn a_warm_up_that_leaves_nothing_is_wrong_usage() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["load", "--orders", "10", "--warm-up", "10"]).await;
    assert!(ended.told(2).contains("no order to be measured"), "{}", ended.err);
    assert_eq!(stand_in.world().state().requests, 0);
}

#[tokio::test(start_paused = true)]
async fn the_figures_are_written_as_documented() {
    let stand_in = stand_in();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("load.json");
    let arguments =
        ["load", "--style", "all", "--orders", "40", "--warm-up", "10", "--json", file.to_str().unwrap()];
    switchyard(&stand_in.platform, &arguments).await.with(0);
    let reports: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let styles: Vec<_> = reports.as_array().unwrap().iter().map(|it| it["config"]["style"].clone()).collect();
    assert_eq!(styles, Style::ALL.map(|style| Value::from(style.as_str())));
    let report = &reports[0];
    let keys: BTreeSet<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "shape",
        "run",
        "began_at",
        "config",
        "program",
        "machine",
        "took_s",
        "interrupted",
        "orders",
        "outcomes",
        "kinds",
        "throughput",
        "to_outcome_ms",
        "to_answer_ms",
        "pushback",
        "seconds",
        "generator",
        "verdict",
        "failures",
    ];
    assert_eq!(keys, BTreeSet::from(documented));
    assert_eq!((&report["shape"], &report["to_outcome_ms"]["count"]), (&Value::from(1), &Value::from(30)));
    assert!(report["outcomes"].as_array().unwrap().iter().all(|it| it["to_outcome_ms"]["p999"].is_number()));
    let ended: u64 =
        report["seconds"].as_array().unwrap().iter().map(|it| it["ended"].as_u64().unwrap()).sum();
    assert_eq!(ended, 40);
}
