//! `switchyard verify`.

use contracts::style::Style;
use serde_json::Value;
use test_terminal::Ended;

use crate::{
    stand_in::{Faults, StandIn, stand_in, stand_in_with},
    terminal::switchyard,
};

const SCARCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/refusals.jsonl");

/// A system of one style that misbehaves like this, after a file of orders, and what `verify` finds.
async fn after_orders(faults: Faults) -> (StandIn, Ended) {
    let stand_in = stand_in_with(&[Style::Rest], faults);
    switchyard(&stand_in.platform, &["order", "--concurrency", "8", "--timeout", "5s", "--file", SCARCE])
        .await;
    let ended = switchyard(&stand_in.platform, &["verify", "--wait", "2s"]).await;
    (stand_in, ended)
}

/// The statements that are broken.
fn broken(ended: &Ended) -> Vec<&str> {
    let lines = ended.out.lines().filter(|line| line.contains("BROKEN"));
    lines.map(|line| line.split_once("BROKEN").unwrap().1.trim()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_system_without_orders_breaks_nothing() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["verify"]).await;
    for style in Style::ALL {
        assert!(ended.told(0).lines().any(|line| line == style.as_str()), "{}", ended.out);
    }
}

#[tokio::test(start_paused = true)]
async fn a_system_that_behaves_breaks_nothing() {
    let (_, ended) = after_orders(Faults::default()).await;
    assert!(ended.told(0).contains(" 0 broken"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn overselling_is_found() {
    let (_, ended) = after_orders(Faults { oversell: true, ..Faults::default() }).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    assert!(broken(&ended).iter().any(|statement| statement.contains("on hand = received")), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn credit_that_is_never_given_back_is_found() {
    let (stand_in, ended) = after_orders(Faults { keep_credit: true, ..Faults::default() }).await;
    assert_eq!(broken(&ended), ["credit is reserved for shipped and unpaid orders only"], "{}", ended.out);
    let state = stand_in.world().state();
    assert!(state.customers.keys().any(|id| ended.out.contains(&id.to_string())), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn a_second_booking_is_found() {
    let (_, ended) = after_orders(Faults { book_twice: true, ..Faults::default() }).await;
    let expected = ["at most one booking, one captured charge and one mail per order"];
    assert_eq!(broken(&ended), expected, "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_never_ends_is_found_once_the_wait_is_over() {
    let (stand_in, ended) = after_orders(Faults { stuck: true, ..Faults::default() }).await;
    let told = broken(&ended);
    assert!(told.contains(&"every placed order has one outcome"), "{}", ended.out);
    assert!(told.contains(&"nothing is pending, unconfirmed or parked"), "{}", ended.out);
    let state = stand_in.world().state();
    let stuck = state.orders.values().find(|kept| !kept.order.status.is_final()).unwrap();
    assert!(ended.out.contains(&format!("{}: it is still APPROVED", stuck.order.id)), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn the_findings_are_written_for_a_program_too() {
    let stand_in = stand_in();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    switchyard(&stand_in.platform, &["verify", "--json", path]).await.with(0);
    let findings: Value = serde_json::from_reader(file.as_file()).unwrap();
    assert_eq!(findings[0]["style"], Style::ALL[0].as_str());
    assert_eq!((&findings[0]["invariant"], &findings[0]["verdict"]), (&"1".into(), &"ok".into()));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_not_there_says_what_to_do() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["verify", "--admin", "http://127.0.0.1:1"]).await;
    assert!(ended.told(1).contains("--admin URL"), "{}", ended.err);
}
