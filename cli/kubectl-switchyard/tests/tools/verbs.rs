//! What each verb writes and shows.

use fake_apiserver::Resource;
use serde_json::json;

use crate::{
    shop::Shop,
    terminal::{noted, typed, watched},
};

#[tokio::test(start_paused = true)]
async fn a_release_writes_images_first_and_the_wish_last() {
    let shop = Shop::open();
    let ended = typed(&shop.cluster(), "release shop app=ordering:1.5").await.with(0);
    assert_eq!(ended.err, "shop: Deployment ordering-green gets app ordering:1.5\nshop: green shall serve\n");
    assert_eq!(shop.written(), ["ordering-green", "shop"]);
    assert_eq!(shop.object()["spec"]["active"], "green");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_changes_in_between_is_decided_anew() {
    let shop = Shop::open();
    shop.contend(3);
    typed(&shop.cluster(), "release shop app=ordering:1.5").await.with(0);
    assert_eq!(shop.written(), ["ordering-green", "shop"], "each once");
    shop.contend(100);
    let ended = typed(&shop.cluster(), "pause shop").await.with(1);
    assert_eq!(ended.err, "error: BlueGreen `shop` changes faster than it can be written\ntry again\n");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_writes_nothing_and_shows_what_kubectl_would_do() {
    let shop = Shop::open();
    let ended = typed(&shop.cluster(), "release shop app=ordering:1.5 --dry-run").await.with(0);
    let commands = [
        r#"kubectl patch deployment ordering-green -n default --type=strategic -p '{"spec":{"template":{"spec":{"containers":[{"image":"ordering:1.5","name":"app"}]}}}}'"#,
        r#"kubectl patch bluegreen shop -n default --type=merge -p '{"spec":{"active":"green"}}'"#,
    ];
    assert_eq!(ended.out.lines().collect::<Vec<_>>(), commands);
    assert_eq!(shop.written(), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_writes_nothing_and_says_what_to_do() {
    let shop = Shop::open();
    let ended = typed(&shop.cluster(), "undo shop").await.with(3);
    let told = "error: BlueGreen `shop` has not switched yet\nto bring the traffic to the other side: `kubectl switchyard promote shop`\n";
    assert_eq!(ended.err, told);
    assert_eq!(shop.written(), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_helm_keeps_is_written_only_by_force() {
    let shop = Shop::open();
    let marks = json!({"meta.helm.sh/release-name": "shop"});
    shop.edit(|object| object["metadata"]["annotations"] = marks);
    let ended = typed(&shop.cluster(), "promote shop").await.with(3);
    assert!(
        ended.err.contains("Helm (shop) writes `spec.active`") && ended.err.contains("active: green"),
        "{}",
        ended.err
    );
    // An approval is no part of what Helm keeps.
    shop.told(&json!({"phase": "Gating", "release": "3f9c"}));
    typed(&shop.cluster(), "approve shop sign-off").await.with(0);
    typed(&shop.cluster(), "promote shop --force").await.with(0);
    assert_eq!(shop.object()["spec"]["active"], "green");
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_an_annotation_that_names_the_release() {
    let shop = Shop::open();
    shop.told(&json!({"phase": "Gating", "release": "3f9c"}));
    let ended = typed(&shop.cluster(), "approve shop sign-off").await.with(0);
    assert_eq!(ended.err, "shop: gate sign-off is approved for release 3f9c\n");
    let ended = typed(&shop.cluster(), "approve shop sign-off").await.with(0);
    assert_eq!(ended.err, "shop is told so already\n");
    assert_eq!(shop.object()["metadata"]["annotations"]["approve.switchyard.dev/sign-off"], "3f9c");
}

#[tokio::test(start_paused = true)]
async fn who_may_only_approve_can() {
    let shop = Shop::open();
    shop.told(&json!({"phase": "Gating", "release": "3f9c"}));
    for kind in [Resource::DEPLOYMENTS, Resource::SERVICES, Resource::ENDPOINT_SLICES] {
        ["get", "list", "watch", "patch"].into_iter().for_each(|verb| shop.forbid(verb, &kind));
    }
    typed(&shop.cluster(), "approve shop sign-off").await.with(0);
    typed(&shop.cluster(), "release shop app=ordering:1.5").await.with(1);
}

#[tokio::test(start_paused = true)]
async fn objects_are_written_as_kubectl_users_expect_them() {
    let shop = Shop::open();
    let out = async |words: &str| typed(&shop.cluster(), words).await.with(0).out;
    assert_eq!(out("get -o name").await, "bluegreen.switchyard.dev/shop\n");
    assert!(out("get -o yaml").await.starts_with("apiVersion: v1\nitems:\n"), "{}", out("get -o yaml").await);
    assert!(out("get shop -o json").await.starts_with("{\n  \"apiVersion\": \"switchyard.dev/v1alpha1\""));
    assert_eq!(out("pause shop -o name").await, "bluegreen.switchyard.dev/shop\n");
    assert!(out("get").await.starts_with("NAME   ACTIVE   WANTED   PHASE"));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_said_with_where_to_look() {
    let ended = typed(&Shop::open().cluster(), "status shot").await.with(1);
    let told = "error: reading BlueGreen `shot` in namespace `default`: bluegreens.switchyard.dev \"shot\" not found\n`kubectl switchyard get` lists those that there are; another namespace: -n\n";
    assert_eq!(ended.err, told);
}

#[tokio::test(start_paused = true)]
async fn the_picture_is_of_the_objects() {
    let shop = Shop::open();
    let ended = typed(&shop.cluster(), "status").await.with(0);
    assert!(ended.out.contains("blue   ██  2/2    serves    ordering-blue   ordering:1.4"), "{}", ended.out);
    let ended = typed(&shop.cluster(), "explain shop").await.with(0);
    assert!(ended.out.starts_with("shop is Stable: nothing is under way.\n"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn a_check_ends_by_what_it_finds() {
    let shop = Shop::open();
    let ended = typed(&shop.cluster(), "check shop --operator").await.with(0);
    assert_eq!(ended.out, "rights: nothing is in the way\nshop: nothing is in the way\n");
    shop.forbid("patch", &Resource::SERVICES);
    let ended = typed(&shop.cluster(), "check shop").await.with(0);
    assert!(ended.out.starts_with(
        "! you: may not patch on services (the core group), which it takes to adopt Services\n"
    ));
    let ended = typed(&shop.cluster(), "check shop --operator=ops:switchyard").await.with(3);
    let who = "✗ system:serviceaccount:ops:switchyard: may not patch on services";
    assert!(ended.out.contains(who), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn piped_a_watch_is_a_line_for_each_change() {
    let shop = Shop::open();
    let told = ["Preparing", "Gating", "Gating", "Switching"].map(|phase| json!({ "phase": phase }));
    let cluster = shop.cluster();
    let watches = watched(&cluster, "status shop -w", "phase=Switching");
    let (out, ()) = tokio::join!(watches, shop.operated(&told));
    let phase = |line: &str| line.split(' ').find_map(|word| word.strip_prefix("phase=")).unwrap().to_owned();
    let seen: Vec<_> = out.lines().map(phase).collect();
    assert_eq!(seen, ["Stable", "Preparing", "Gating", "Switching"], "{out}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_what_is_deleted_ends_and_one_that_is_not_permitted_says_so() {
    let shop = Shop::open();
    let cluster = shop.cluster();
    let deletes = async {
        shop.operated(&[json!({"phase": "Gating"})]).await;
        shop.delete();
    };
    let (ended, ()) = tokio::join!(typed(&cluster, "status shop -w"), deletes);
    let ended = ended.with(1);
    assert_eq!(ended.err, "error: BlueGreen `shop` was deleted in the meantime\n");
    assert!(ended.out.lines().last().unwrap().contains("phase=Gating"), "{}", ended.out);

    let shop = Shop::open();
    shop.forbid("watch", &Resource::DEPLOYMENTS);
    let err = noted(&shop.cluster(), "status shop -w", "forbidden").await;
    assert!(err.starts_with("watching what belongs to it: deployments.apps is forbidden: "), "{err}");
}
