//! What each verb writes and shows.

use serde_json::json;

use crate::{
    server::{SHOP, Server},
    terminal::{typed, watched},
};

/// The last part of what was written to, in order.
fn written(server: &Server) -> Vec<String> {
    let world = server.world();
    world.written.iter().map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_release_writes_images_first_and_the_wish_last() {
    let server = Server::with_a_shop();
    let ended = typed(&server.cluster(), "release shop app=ordering:1.5").await.with(0);
    assert_eq!(ended.err, "shop: Deployment ordering-green gets app ordering:1.5\nshop: green shall serve\n");
    assert_eq!(written(&server), ["ordering-green", "shop"]);
    let world = server.world();
    assert_eq!(world.objects[SHOP]["spec"]["active"], "green");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_changes_in_between_is_decided_anew() {
    let server = Server::with_a_shop();
    server.world().conflicts = 3;
    typed(&server.cluster(), "release shop app=ordering:1.5").await.with(0);
    assert_eq!(written(&server), ["ordering-green", "shop"], "each once");
    server.world().conflicts = 100;
    let ended = typed(&server.cluster(), "pause shop").await.with(1);
    assert_eq!(ended.err, "error: BlueGreen `shop` changes faster than it can be written\ntry again\n");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_writes_nothing_and_shows_what_kubectl_would_do() {
    let server = Server::with_a_shop();
    let ended = typed(&server.cluster(), "release shop app=ordering:1.5 --dry-run").await.with(0);
    let commands = [
        r#"kubectl patch deployment ordering-green -n default --type=strategic -p '{"spec":{"template":{"spec":{"containers":[{"image":"ordering:1.5","name":"app"}]}}}}'"#,
        r#"kubectl patch bluegreen shop -n default --type=merge -p '{"spec":{"active":"green"}}'"#,
    ];
    assert_eq!(ended.out.lines().collect::<Vec<_>>(), commands);
    assert_eq!(written(&server), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_writes_nothing_and_says_what_to_do() {
    let server = Server::with_a_shop();
    let ended = typed(&server.cluster(), "undo shop").await.with(3);
    let told = "error: BlueGreen `shop` has not switched yet\nto bring the traffic to the other side: `kubectl switchyard promote shop`\n";
    assert_eq!(ended.err, told);
    assert_eq!(written(&server), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_helm_keeps_is_written_only_by_force() {
    let server = Server::with_a_shop();
    let marks = json!({"meta.helm.sh/release-name": "shop"});
    server.world().objects.get_mut(SHOP).unwrap()["metadata"]["annotations"] = marks;
    let ended = typed(&server.cluster(), "promote shop").await.with(3);
    assert!(
        ended.err.contains("Helm (shop) writes `spec.active`") && ended.err.contains("active: green"),
        "{}",
        ended.err
    );
    // An approval is no part of what Helm keeps.
    server.told(json!({"phase": "Gating", "release": "3f9c"}));
    typed(&server.cluster(), "approve shop sign-off").await.with(0);
    typed(&server.cluster(), "promote shop --force").await.with(0);
    assert_eq!(server.world().objects[SHOP]["spec"]["active"], "green");
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_an_annotation_that_names_the_release() {
    let server = Server::with_a_shop();
    server.told(json!({"phase": "Gating", "release": "3f9c"}));
    let ended = typed(&server.cluster(), "approve shop sign-off").await.with(0);
    assert_eq!(ended.err, "shop: gate sign-off is approved for release 3f9c\n");
    let ended = typed(&server.cluster(), "approve shop sign-off").await.with(0);
    assert_eq!(ended.err, "shop is told so already\n");
    assert_eq!(
        server.world().objects[SHOP]["metadata"]["annotations"]["approve.switchyard.dev/sign-off"],
        "3f9c"
    );
}

#[tokio::test(start_paused = true)]
async fn objects_are_written_as_kubectl_users_expect_them() {
    let server = Server::with_a_shop();
    let out = async |words: &str| typed(&server.cluster(), words).await.with(0).out;
    assert_eq!(out("get -o name").await, "bluegreen.switchyard.dev/shop\n");
    assert!(out("get -o yaml").await.starts_with("apiVersion: v1\nitems:\n"), "{}", out("get -o yaml").await);
    assert!(out("get shop -o json").await.starts_with("{\n  \"apiVersion\": \"switchyard.dev/v1alpha1\""));
    assert_eq!(out("pause shop -o name").await, "bluegreen.switchyard.dev/shop\n");
    assert!(out("get").await.starts_with("NAME   ACTIVE   WANTED   PHASE"));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_said_with_where_to_look() {
    let ended = typed(&Server::with_a_shop().cluster(), "status shot").await.with(1);
    let told = "error: reading BlueGreen `shot` in namespace `default`: \"shot\" not found\n`kubectl switchyard get` lists those that there are; another namespace: -n\n";
    assert_eq!(ended.err, told);
}

#[tokio::test(start_paused = true)]
async fn the_picture_is_of_the_objects() {
    let server = Server::with_a_shop();
    let ended = typed(&server.cluster(), "status").await.with(0);
    assert!(ended.out.contains("blue   ██  2/2    serves    ordering-blue   ordering:1.4"), "{}", ended.out);
    let ended = typed(&server.cluster(), "explain shop").await.with(0);
    assert!(ended.out.starts_with("shop is Stable: nothing is under way.\n"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn a_check_ends_by_what_it_finds() {
    let server = Server::with_a_shop();
    let ended = typed(&server.cluster(), "check shop --operator").await.with(0);
    assert_eq!(ended.out, "rights: nothing is in the way\nshop: nothing is in the way\n");
    server.world().denied = vec![("patch", "services")];
    let ended = typed(&server.cluster(), "check shop").await.with(0);
    assert!(ended.out.starts_with(
        "! you: may not patch on services (the core group), which it takes to adopt Services\n"
    ));
    let ended = typed(&server.cluster(), "check shop --operator=ops:switchyard").await.with(3);
    let who = "✗ system:serviceaccount:ops:switchyard: may not patch on services";
    assert!(ended.out.contains(who), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn piped_a_watch_is_a_line_for_each_change() {
    let server = Server::with_a_shop();
    let phases = ["Preparing", "Gating", "Gating", "Switching"];
    server.world().next = phases.iter().map(|phase| json!({"status": {"phase": phase}})).collect();
    let out = watched(&server.cluster(), "status shop -w", "phase=Switching").await;
    let phase = |line: &str| line.split(' ').find_map(|word| word.strip_prefix("phase=")).unwrap().to_owned();
    let mut seen: Vec<_> = out.lines().map(phase).collect();
    seen.dedup();
    // Which of the changes come together is the server's affair; none is told twice, and the last one always.
    assert_eq!(seen.len(), out.lines().count(), "{out}");
    assert_eq!(seen.last().unwrap(), "Switching");
}
