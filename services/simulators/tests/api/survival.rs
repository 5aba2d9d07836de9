//! What outlives a process.

use chassis::platform::Platform;
use contracts::outside::simulators::Behaviour;
use serde_json::json;

use crate::rig::{Rig, boot, boot_on, simulators};

/// The process is gone without having stopped.
fn crash(rig: Rig) {
    drop(rig);
}

#[tokio::test(start_paused = true)]
async fn answers_settings_and_scripts_survive_a_crash() {
    let (rig, directory) = simulators();
    rig.script("payment", "poor", Behaviour::Decline).await;
    rig.set("payment", &json!({ "seed": 7, "refuse_rate": 0.5, "faults": { "latency_ms": 10 } })).await;
    rig.script("payment", "web-1", Behaviour::Accept).await;
    let charged = rig.charge("web-1", "invoice/1").await;
    let (settings, ledger) = (rig.show("payment").await, rig.ledger("payment").await);
    crash(rig);

    let rig = boot(directory.path());
    assert_eq!(rig.show("payment").await, settings);
    assert_eq!(rig.charge("web-1", "invoice/1").await, charged);
    assert_eq!(rig.ledger("payment").await, ledger);
    assert_eq!(rig.charge("poor", "invoice/2").await.0, 402);
}

#[tokio::test(start_paused = true)]
async fn what_was_held_is_held_again_after_a_crash() {
    let (rig, directory) = simulators();
    rig.script("carrier", "web-1", Behaviour::Hold).await;
    crash(rig);

    let rig = boot(directory.path());
    let request = rig.begin("/v1/bookings", "order-1", &crate::rig::booking("web-1"));
    rig.until_held("carrier", 1).await;
    rig.script("carrier", "web-1", Behaviour::Accept).await;
    assert_eq!(request.await.unwrap().unwrap().status, 201);
}

#[tokio::test(start_paused = true)]
async fn luck_goes_on_where_it_was_after_a_crash() {
    let (rig, directory) = simulators();
    let faults = json!({ "seed": 3, "faults": { "error_rate": 0.5 } });
    rig.set("payment", &faults).await;
    let mut interrupted = vec![];
    for _ in 0..8 {
        interrupted.push(rig.charge("web-1", "invoice/1").await.0);
    }
    crash(rig);
    let rig = boot(directory.path());
    for _ in 0..8 {
        interrupted.push(rig.charge("web-1", "invoice/1").await.0);
    }

    let (rig, _directory) = simulators();
    rig.set("payment", &faults).await;
    for expected in interrupted {
        assert_eq!(rig.charge("web-1", "invoice/1").await.0, expected);
    }
}

#[tokio::test]
async fn all_of_it_also_runs_on_threads_and_real_sockets() {
    let directory = tempfile::tempdir().unwrap();
    let rig = boot_on(&Platform::system(), directory.path());
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let request = rig.begin("/v1/charges", "invoice/1", &crate::rig::charge("web-1"));
    rig.until_held("payment", 1).await;
    rig.script("payment", "web-1", Behaviour::Accept).await;
    assert_eq!(request.await.unwrap().unwrap().status, 200);
    let (status, body) = rig.get(&format!("{}/readyz", rig.admin)).await;
    assert_eq!((status, &body["ready"]), (200, &json!(true)));
    assert!(rig.app.run_until(async {}).await.is_clean());
}
