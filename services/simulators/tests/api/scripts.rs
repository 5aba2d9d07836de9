//! What runners set, and see.

use contracts::outside::simulators::{Behaviour, Outcome};
use serde_json::json;

use crate::rig::simulators;

#[tokio::test(start_paused = true)]
async fn nothing_is_scripted_to_begin_with() {
    let (rig, _directory) = simulators();
    let (status, body) = rig.get(&format!("{}/simulators/payment", rig.admin)).await;
    let faults =
        json!({ "latency_ms": 0, "jitter_ms": 0, "error_rate": 0.0, "drop_rate": 0.0, "down": false });
    let expected = json!({
        "default": "accept", "refuse_rate": 0.0, "faults": faults, "seed": 0,
        "scripts": {}, "scripts_total": 0, "held": [],
    });
    assert_eq!((status, body), (200, expected));
}

#[tokio::test(start_paused = true)]
async fn a_change_is_merged_and_answered_with_the_whole() {
    let (rig, _directory) = simulators();
    rig.set("payment", &json!({ "scripts": { "a": "decline", "b": "hold" }, "seed": 7 })).await;
    let change = json!({ "scripts": { "a": null, "c": "soft-decline" }, "faults": { "latency_ms": 5 } });
    let (status, body) = rig.set("payment", &change).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["scripts"], json!({ "b": "hold", "c": "soft-decline" }));
    assert_eq!((&body["seed"], &body["faults"]["latency_ms"]), (&json!(7), &json!(5)));
    assert_eq!(rig.get(&format!("{}/simulators/payment", rig.admin)).await, (200, body));
}

#[tokio::test(start_paused = true)]
async fn each_system_has_settings_of_its_own() {
    let (rig, _directory) = simulators();
    rig.set("carrier", &json!({ "default": "refuse" })).await;
    assert_eq!(rig.show("payment").await.settings.default, Behaviour::Accept);
    assert_eq!(rig.show("carrier").await.settings.default, Behaviour::Refuse);
}

#[tokio::test(start_paused = true)]
async fn a_script_is_for_one_reference() {
    let (rig, _directory) = simulators();
    rig.script("carrier", "web-1", Behaviour::Refuse).await;
    assert_eq!(rig.book("web-1", "order-1").await.0, 422);
    assert_eq!(rig.book("web-2", "order-2").await.0, 201);
}

#[tokio::test(start_paused = true)]
async fn all_are_refused_at_a_rate_of_one_but_those_that_are_scripted() {
    let (rig, _directory) = simulators();
    rig.set("payment", &json!({ "refuse_rate": 1.0, "scripts": { "rich": "accept" } })).await;
    assert_eq!(rig.charge("poor", "invoice/1").await.1["decline_code"], "hard");
    assert_eq!(rig.charge("rich", "invoice/2").await.0, 200);
    let results: Vec<_> = rig.ledger("payment").await.into_iter().map(|entry| entry.result).collect();
    assert_eq!(results, [Outcome::Declined, Outcome::Accepted]);
}

#[tokio::test(start_paused = true)]
async fn settings_that_make_no_sense_change_nothing_and_name_every_wrong_field() {
    let (rig, _directory) = simulators();
    let change = json!({ "scripts": { "a": "refuse", "b": "accept" }, "faults": { "drop_rate": 2.0 } });
    let (status, body) = rig.set("payment", &change).await;
    assert_eq!(status, 422);
    assert_eq!(body["errors"][0]["field"], "scripts.a");
    assert_eq!(body["errors"][1]["field"], "faults.drop_rate");
    assert_eq!(rig.show("payment").await.scripts_total, 0);
}

#[tokio::test(start_paused = true)]
async fn a_misspelt_setting_is_refused() {
    let (rig, _directory) = simulators();
    for change in
        [json!({ "latency_ms": 5 }), json!({ "faults": { "latency": 5 } }), json!({ "default": "acept" })]
    {
        assert_eq!(rig.set("payment", &change).await.0, 422, "{change}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_system_that_nobody_simulates_is_404() {
    let (rig, _directory) = simulators();
    assert_eq!(rig.set("bank", &json!({})).await.0, 404);
    assert_eq!(rig.get(&format!("{}/simulators/bank/ledger", rig.admin)).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn scripts_cannot_be_set_where_orders_are_served() {
    let (rig, _directory) = simulators();
    assert_eq!(rig.get(&format!("{}/simulators/payment", rig.url)).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn of_more_than_a_thousand_scripts_the_latest_are_shown() {
    let (rig, _directory) = simulators();
    for hundred in 0..11 {
        let scripts = (0..100).map(|n| (format!("ref-{hundred}-{n}"), json!("hold")));
        rig.set("mail", &json!({ "scripts": serde_json::Map::from_iter(scripts) })).await;
    }
    let shown = rig.show("mail").await;
    assert_eq!((shown.scripts.len(), shown.scripts_total), (1000, 1100));
    assert!(shown.scripts.contains_key(&"ref-10-99".parse().unwrap()));
    assert!(!shown.scripts.contains_key(&"ref-0-0".parse().unwrap()));
}
