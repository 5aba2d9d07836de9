//! A crash at each boundary of a transaction, one after the other.

use std::collections::BTreeMap;

use contracts::Style;
use serde_json::{Value, json};
use switchyard::workload;

use super::{plan::Plan, trial::Trial};
use crate::{canonical, generate, seeds};

/// Orders of every ending.
const ORDERS: [&str; 5] = [
    r#"{"key": "completed", "customer": "ada", "items": [{"sku": "tea", "quantity": 1}], "expect": {"status": "COMPLETED"}}"#,
    r#"{"key": "refused", "customer": "ada", "items": [{"sku": "tea", "quantity": 99}], "expect": {"status": "REJECTED"}}"#,
    r#"{"key": "returned", "customer": "ada", "items": [{"sku": "tea", "quantity": 1}], "carrier": "refuse",
        "expect": {"status": "CANCELLED", "reason": "CARRIER_REFUSED"}}"#,
    r#"{"key": "too-late", "customer": "ada", "items": [{"sku": "tea", "quantity": 1}], "carrier": "hold",
        "cancel_at": "APPROVED", "expect": {"status": "COMPLETED"}}"#,
    r#"{"key": "paid-later", "customer": "ada", "items": [{"sku": "tea", "quantity": 1}], "payment": "soft-decline",
        "pay_later": true, "expect": {"status": "COMPLETED"}}"#,
];

/// Which boundaries are tried, unless `SEED` names one: there are a thousand in a style with a broker.
const EVERY: u64 = 12;

#[test]
fn a_crash_at_any_boundary_of_a_transaction_changes_nothing() {
    for style in seeds::styles() {
        let (boundaries, undisturbed) = seeds::run(until_the_end_of(style, None));
        let step = if seeds::is_chosen() { 1 } else { EVERY };
        seeds::each(&format!("boundaries in the style {style}"), boundaries / step, async |number| {
            let boundary = number * step;
            let (_, state) = until_the_end_of(style, Some(boundary)).await;
            assert_eq!(state, undisturbed, "after a crash at boundary {boundary} in the style {style}");
        });
    }
}

/// How many boundaries there are, and what the orders have become, if it ends at one of them, or at none.
async fn until_the_end_of(style: Style, boundary: Option<u64>) -> (u64, BTreeMap<String, Value>) {
    let plan = boundary.map_or_else(Plan::nothing, Plan::end_after);
    let trial = Trial::new(style, 1, plan, |doubles| doubles);
    let lines = lines();
    let replayed = trial.run(&lines, ORDERS.len()).await;
    let reached = trial.reached();
    let wrong = trial.wrong(&replayed).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let workload = workload::read(&generate::text(&lines)).unwrap();
    let state = canonical::state(&trial.world, style, &workload, &replayed).await;
    trial.world.stop().await;
    (reached, state)
}

fn lines() -> generate::Lines {
    let money = |amount: u64| json!({"amount": amount, "currency": "EUR"});
    let mut lines = vec![
        json!({"customer": {"key": "ada", "credit_limit": money(1_000_000)}}),
        json!({"product": {"sku": "tea", "unit_price": money(1_299), "on_hand": 50}}),
    ];
    lines.extend(ORDERS.iter().map(|order| json!({"order": serde_json::from_str::<Value>(order).unwrap()})));
    lines.push(json!({"barrier": true}));
    lines
}
