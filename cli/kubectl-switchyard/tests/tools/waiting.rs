//! `--wait`: the exit codes that a pipeline reads.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    server::Server,
    terminal::{Ended, typed},
};

/// Promotes and waits while an operator writes these statuses.
async fn promoted(statuses: &[Value]) -> Ended {
    let server = Server::with_a_shop();
    server.world().next = statuses.iter().map(|status| json!({ "status": status })).collect();
    typed(&server.cluster(), "promote shop --wait").await
}

#[tokio::test(start_paused = true)]
async fn stable_at_the_wish_is_zero() {
    let ended = promoted(&[
        json!({"phase": "Preparing", "to": "green", "reason": "ScalingUp", "message": "ordering-green has 0 of 2 replicas"}),
        json!({"phase": "Stable", "active": "green", "reason": "Switched", "message": "All is well."}),
    ])
    .await
    .with(0);
    let told = [
        "shop: green shall serve",
        "Stable        Switched         All is well.",
        "Preparing     ScalingUp        ordering-green has 0 of 2 replicas",
        "Stable        Switched         All is well.",
        "shop is Stable: green serves",
    ];
    assert_eq!(ended.err.lines().collect::<Vec<_>>(), told);
}

#[tokio::test(start_paused = true)]
async fn held_is_four_and_gone_back_is_five() {
    let held =
        json!({"phase": "Held", "heldIn": "Gating", "reason": "GateFailed", "message": "gate smoke: 500"});
    let ended = promoted(&[held]).await.with(4);
    assert!(ended.err.ends_with("shop is Held: gate smoke: 500\nRelease something else, change the gate, or `kubectl switchyard retry shop`.\n"), "{}", ended.err);
    promoted(&[
        json!({"phase": "SwitchingBack", "to": "green", "cause": "Broken", "reason": "EvidenceAwaited", "message": "back to blue"}),
        json!({"phase": "Held", "heldIn": "Stable", "reason": "Broken", "message": "no ready pod"}),
    ])
    .await
    .with(5);
}

#[tokio::test(start_paused = true)]
async fn a_release_waits_for_its_beginning_too() {
    let server = Server::with_a_shop();
    server.told(json!({"phase": "Preparing", "active": null, "message": "the first side gets ready"}));
    server.world().next.push_back(json!({"status": {"phase": "Stable", "active": "green"}}));
    let cluster = server.cluster();
    let releases = typed(&cluster, "release shop app=ordering:1.5 --wait");
    let operates = async {
        sleep(Duration::from_secs(5)).await;
        assert_eq!(server.world().written, []);
        server.told(json!({"phase": "Draining", "active": "blue"}));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(server.world().written, []);
        server.told(json!({"phase": "Stable"}));
    };
    let (ended, ()) = tokio::join!(releases, operates);
    let waits = [
        "waits: BlueGreen `shop` is Preparing, and its Services do not all select one colour: the first side gets ready",
        "waits: BlueGreen `shop` is Draining, and green is what it could still need",
    ];
    assert_eq!(ended.with(0).err.lines().take(2).collect::<Vec<_>>(), waits);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_by_itself_is_not_waited_for_for_long() {
    let server = Server::with_a_shop();
    server.told(json!({"phase": "Held", "active": null, "message": "no colour"}));
    let began = Instant::now();
    typed(&server.cluster(), "release shop app=ordering:1.5 --wait").await.with(3);
    assert!(began.elapsed() < Duration::from_secs(15), "by the test's own clock: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn too_late_is_six_and_says_that_it_goes_on() {
    let server = Server::with_a_shop();
    server.told(json!({"phase": "Preparing", "to": "green", "reason": "ScalingUp", "message": "0 of 2"}));
    let ended = typed(&server.cluster(), "promote shop green --wait --timeout 90s").await.with(6);
    assert!(ended.err.contains("shop is still Preparing: 0 of 2\nit goes on without you"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_somebody_else_changes_is_seven() {
    let server = Server::with_a_shop();
    let changes =
        [json!({"status": {"phase": "Preparing", "to": "green"}}), json!({"spec": {"active": "blue"}})];
    server.world().next = changes.into();
    let ended = typed(&server.cluster(), "promote shop --wait").await.with(7);
    assert!(ended.err.ends_with("the wish of shop was changed to blue in the meantime\n"), "{}", ended.err);
}
