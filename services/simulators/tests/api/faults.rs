//! What goes wrong on the way, on purpose.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::rig::{message, simulators};

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_is_503_until_it_is_back() {
    let (rig, _directory) = simulators();
    rig.charge("web-1", "invoice/1").await;
    rig.set("payment", &json!({ "faults": { "down": true } })).await;
    for key in ["invoice/1", "invoice/2"] {
        let (status, body) = rig.charge("web-1", key).await;
        assert_eq!((status, &body["code"]), (503, &json!("UNAVAILABLE")));
    }
    assert_eq!(rig.ledger("payment").await.len(), 1);
    rig.set("payment", &json!({ "faults": { "down": false } })).await;
    assert_eq!(rig.charge("web-1", "invoice/2").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_down_takes_nobody_else_down() {
    let (rig, _directory) = simulators();
    rig.set("mail", &json!({ "faults": { "down": true } })).await;
    assert_eq!(rig.ask("/v1/messages", "invoice", &message("web-1")).await.0, 503);
    assert_eq!(rig.charge("web-1", "invoice/1").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_failing_system_does_nothing() {
    let (rig, _directory) = simulators();
    rig.set("carrier", &json!({ "faults": { "error_rate": 1.0 } })).await;
    assert_eq!(rig.book("web-1", "order-1").await.0, 500);
    assert_eq!(rig.ledger("carrier").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_was_given_and_asking_again_tells_it() {
    let (rig, _directory) = simulators();
    rig.set("carrier", &json!({ "faults": { "drop_rate": 1.0 } })).await;
    let (status, body) = rig.book("web-1", "order-1").await;
    assert_eq!((status, &body["code"]), (502, &json!("ANSWER_LOST")));
    let written = rig.ledger("carrier").await;
    assert_eq!(written.len(), 1);

    rig.set("carrier", &json!({ "faults": { "drop_rate": 0.0 } })).await;
    let (status, booking) = rig.book("web-1", "order-1").await;
    assert_eq!((status, &booking["booking_id"]), (201, &json!(written[0].id)));
    assert_eq!(rig.ledger("carrier").await, written);
}

#[tokio::test(start_paused = true)]
async fn who_asks_often_enough_gets_through_and_the_same_seed_takes_as_many_calls() {
    let calls = async || {
        let (rig, _directory) = simulators();
        rig.set("payment", &json!({ "seed": 42, "faults": { "error_rate": 0.6, "drop_rate": 0.3 } })).await;
        let mut statuses = vec![];
        for order in 0..5 {
            let key = format!("invoice-{order}/1");
            while statuses.last() != Some(&200) {
                statuses.push(rig.charge("web-1", &key).await.0);
            }
            statuses.push(0);
        }
        assert_eq!(rig.ledger("payment").await.len(), 5);
        statuses
    };
    let first = calls().await;
    assert!(first.contains(&500) && first.contains(&502), "{first:?}");
    assert_eq!(first, calls().await);
}

#[tokio::test(start_paused = true)]
async fn latency_and_jitter_delay_every_answer() {
    let (rig, _directory) = simulators();
    rig.set("payment", &json!({ "faults": { "latency_ms": 2000, "jitter_ms": 1000 } })).await;
    let started = Instant::now();
    assert_eq!(rig.charge("web-1", "invoice/1").await.0, 200);
    let took = started.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_millis(3100)).contains(&took), "{took:?}");
}
