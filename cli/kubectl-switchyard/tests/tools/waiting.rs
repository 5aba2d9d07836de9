//! `--wait`: the exit codes that a pipeline reads.

use std::time::Duration;

use fake_apiserver::Resource;
use rollout::BlueGreen;
use serde_json::{Value, json};
use test_terminal::Ended;
use tokio::time::{Instant, sleep};

use crate::{shop::Shop, terminal::typed};

/// Promotes and waits while an operator tells these.
async fn promoted(told: &[Value]) -> Ended {
    let shop = Shop::open();
    let cluster = shop.cluster();
    let (ended, ()) = tokio::join!(typed(&cluster, "promote shop --wait"), shop.operated(told));
    ended
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
    let shop = Shop::open();
    shop.told(&json!({"phase": "Preparing", "active": null, "message": "the first side gets ready"}));
    let cluster = shop.cluster();
    let releases = typed(&cluster, "release shop app=ordering:1.5 --wait");
    let operates = async {
        sleep(Duration::from_secs(5)).await;
        assert_eq!(shop.written(), [] as [&str; 0]);
        shop.told(&json!({"phase": "Draining", "active": "blue"}));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(shop.written(), [] as [&str; 0]);
        shop.told(&json!({"phase": "Stable"}));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(shop.written(), ["ordering-green", "shop"]);
        shop.told(&json!({"active": "green"}));
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
    let shop = Shop::open();
    shop.told(&json!({"phase": "Held", "active": null, "message": "no colour"}));
    let began = Instant::now();
    typed(&shop.cluster(), "release shop app=ordering:1.5 --wait").await.with(3);
    assert!(began.elapsed() < Duration::from_secs(15), "by the test's own clock: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn too_late_is_six_and_says_that_it_goes_on() {
    let shop = Shop::open();
    let cluster = shop.cluster();
    let waits = typed(&cluster, "promote shop green --wait --timeout 90s");
    let told = [json!({"phase": "Preparing", "to": "green", "reason": "ScalingUp", "message": "0 of 2"})];
    let (ended, ()) = tokio::join!(waits, shop.operated(&told));
    let ended = ended.with(6);
    assert!(ended.err.contains("shop is still Preparing: 0 of 2\nit goes on without you"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_somebody_else_changes_is_seven() {
    let shop = Shop::open();
    let cluster = shop.cluster();
    let changes = async {
        shop.operated(&[json!({"phase": "Preparing", "to": "green"})]).await;
        shop.edit(|object| object["spec"]["active"] = json!("blue"));
    };
    let (ended, ()) = tokio::join!(typed(&cluster, "promote shop --wait"), changes);
    let ended = ended.with(7);
    assert!(ended.err.ends_with("the wish of shop was changed to blue in the meantime\n"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_is_slow_or_away_is_told_of_and_what_it_said_before_is_not() {
    let shop = Shop::open();
    let cluster = shop.cluster();
    let waits = typed(&cluster, "promote shop --wait --timeout 20s");
    let operates = async {
        sleep(Duration::from_secs(10)).await;
        shop.told(&json!({"phase": "Preparing", "to": "green", "reason": "ScalingUp", "message": "0 of 2"}));
    };
    let (ended, ()) = tokio::join!(waits, operates);
    let told = [
        "shop: green shall serve",
        "the operator has not seen it yet",
        "Preparing     ScalingUp        0 of 2",
        "shop is still Preparing: 0 of 2",
    ];
    assert_eq!(ended.with(6).err.lines().take(4).collect::<Vec<_>>(), told);

    let ended = typed(&Shop::open().cluster(), "promote shop --wait --timeout 20s").await.with(6);
    let told = [
        "shop: green shall serve",
        "the operator has not seen it yet",
        "the operator has not seen what is wished of shop: does it run, lead, and watch this namespace?",
    ];
    assert_eq!(ended.err.lines().take(3).collect::<Vec<_>>(), told);
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_while_it_is_waited_for_is_waited_for_no_longer() {
    let shop = Shop::open();
    let cluster = shop.cluster();
    let deletes = async {
        shop.operated(&[json!({"phase": "Preparing", "to": "green"})]).await;
        shop.delete();
    };
    let (ended, ()) = tokio::join!(typed(&cluster, "promote shop --wait"), deletes);
    let ended = ended.with(1);
    assert!(ended.err.ends_with("error: BlueGreen `shop` was deleted in the meantime\n"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_not_permitted_is_told_of_once() {
    let shop = Shop::open();
    shop.forbid("list", &Resource::of::<BlueGreen>());
    let ended = typed(&shop.cluster(), "promote shop --wait --timeout 5m").await.with(6);
    let told: Vec<_> = ended.err.lines().collect();
    assert!(
        told[1].starts_with("watching BlueGreen `shop`: bluegreens.switchyard.dev is forbidden: "),
        "{}",
        ended.err
    );
    assert_eq!(told[2], "`kubectl switchyard check` lists the rights that are needed");
    assert!(told[3].starts_with("the operator has not seen what is wished of shop"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn the_time_is_for_the_beginning_and_the_end_together() {
    let (shop, began) = (Shop::open(), Instant::now());
    shop.told(&json!({"phase": "Draining"}));
    let cluster = shop.cluster();
    let releases = typed(&cluster, "release shop app=ordering:1.5 --wait --timeout 90s");
    let operates = async {
        sleep(Duration::from_secs(60)).await;
        shop.told(&json!({"phase": "Stable"}));
    };
    let (ended, ()) = tokio::join!(releases, operates);
    ended.with(6);
    assert_eq!(shop.written(), ["ordering-green", "shop"]);
    assert_eq!(began.elapsed().as_secs(), 90, "by the test's own clock");
}
