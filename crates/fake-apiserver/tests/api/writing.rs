use fake_apiserver::Resource;
use http::Method;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::{ask, get, server};

const MAPS: &str = "/api/v1/namespaces/shop/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";

fn deployment() -> Value {
    json!({"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}}}, "status": {"replicas": 7}})
}

#[tokio::test(start_paused = true)]
async fn a_new_object_is_given_what_only_the_server_says() {
    let server = server();
    let (code, made) = ask(&server, Method::POST, DEPLOYMENTS, deployment()).await;
    assert_eq!(code, 201);
    assert_eq!(made["kind"], "Deployment");
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["metadata"]["creationTimestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(made["metadata"]["managedFields"][0]["manager"], "test");
    assert_eq!(made["spec"]["replicas"], 1);
    assert!(made["status"].is_null());
    let (code, again) = ask(&server, Method::POST, DEPLOYMENTS, deployment()).await;
    assert_eq!((code, &again["reason"]), (409, &json!("AlreadyExists")));
}

#[tokio::test(start_paused = true)]
async fn a_patch_of_another_version_is_a_conflict() {
    let server = server();
    let made = ask(&server, Method::POST, MAPS, json!({"metadata": {"name": "a"}})).await.1;
    let read = &made["metadata"]["resourceVersion"];
    let path = format!("{MAPS}/a");
    let patch = json!({"metadata": {"resourceVersion": read}, "data": {"k": "v"}});
    let (code, changed) = ask(&server, Method::PATCH, &path, patch.clone()).await;
    assert_eq!(code, 200);
    assert_ne!(changed["metadata"]["resourceVersion"], *read);
    let (code, refused) = ask(&server, Method::PATCH, &path, patch).await;
    assert_eq!((code, &refused["reason"]), (409, &json!("Conflict")));
    let (code, refused) =
        ask(&server, Method::PUT, &path, json!({"metadata": {"name": "a", "uid": "another"}})).await;
    assert_eq!((code, &refused["reason"]), (409, &json!("Conflict")));
}

#[tokio::test(start_paused = true)]
async fn what_changes_nothing_is_no_write() {
    let server = server();
    let made =
        ask(&server, Method::POST, MAPS, json!({"metadata": {"name": "a"}, "data": {"k": "v"}})).await.1;
    let (code, same) = ask(&server, Method::PATCH, &format!("{MAPS}/a"), json!({"data": {"k": "v"}})).await;
    assert_eq!((code, same), (200, made));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_answers_and_keeps_nothing() {
    let server = server();
    ask(&server, Method::POST, MAPS, json!({"metadata": {"name": "a"}})).await;
    let (code, dry) =
        ask(&server, Method::PATCH, &format!("{MAPS}/a?dryRun=All"), json!({"data": {"k": "v"}})).await;
    assert_eq!((code, &dry["data"]["k"]), (200, &json!("v")));
    assert!(get(&server, &format!("{MAPS}/a")).await.1["data"].is_null());
    let path = format!("{MAPS}?dryRun=All");
    assert_eq!(ask(&server, Method::POST, &path, json!({"metadata": {"name": "b"}})).await.0, 201);
    assert_eq!(get(&server, &format!("{MAPS}/b")).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn the_status_is_written_apart_from_the_rest() {
    let server = server();
    ask(&server, Method::POST, DEPLOYMENTS, deployment()).await;
    let both = json!({"spec": {"replicas": 5}, "status": {"replicas": 3}});
    let main = ask(&server, Method::PATCH, &format!("{DEPLOYMENTS}/d"), both.clone()).await.1;
    assert_eq!((&main["spec"]["replicas"], &main["status"]), (&json!(5), &Value::Null));
    let both = json!({"spec": {"replicas": 6}, "status": {"replicas": 3}});
    let status = ask(&server, Method::PATCH, &format!("{DEPLOYMENTS}/d/status"), both).await.1;
    assert_eq!((&status["spec"]["replicas"], &status["status"]["replicas"]), (&json!(5), &json!(3)));
    assert_eq!(status["metadata"]["generation"], 2);
}

#[tokio::test(start_paused = true)]
async fn the_annotations_of_a_deployment_raise_its_generation_and_its_labels_do_not() {
    let server = server();
    ask(&server, Method::POST, DEPLOYMENTS, deployment()).await;
    let path = format!("{DEPLOYMENTS}/d");
    let annotated =
        ask(&server, Method::PATCH, &path, json!({"metadata": {"annotations": {"a": "b"}}})).await.1;
    assert_eq!(annotated["metadata"]["generation"], 2);
    let labelled = ask(&server, Method::PATCH, &path, json!({"metadata": {"labels": {"a": "b"}}})).await.1;
    assert_eq!(labelled["metadata"]["generation"], 2);
}

#[tokio::test(start_paused = true)]
async fn who_changed_a_selector_last_is_its_manager() {
    let server = server();
    let path = "/api/v1/namespaces/shop/services";
    let service = json!({"metadata": {"name": "s"}, "spec": {"selector": {"a": "b", "color": "blue"}, "ports": [{"port": 80}]}});
    ask(&server, Method::POST, path, service).await;
    let patch = json!({"spec": {"selector": {"color": "green"}}});
    let changed = ask(&server, Method::PATCH, &format!("{path}/s?fieldManager=other"), patch).await.1;
    assert_eq!(changed["spec"]["selector"], json!({"a": "b", "color": "green"}));
    let managers = changed["metadata"]["managedFields"].as_array().unwrap();
    let owners = managers.iter().filter(|entry| !entry["fieldsV1"]["f:spec"]["f:selector"].is_null());
    assert_eq!(owners.map(|entry| &entry["manager"]).collect::<Vec<_>>(), ["other"]);
    assert!(
        managers
            .iter()
            .any(|entry| entry["manager"] == "test" && !entry["fieldsV1"]["f:spec"]["f:ports"].is_null())
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_may_be_created_by_an_update_and_is_only_updated_with_its_version() {
    let server = server();
    let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/l";
    let lease = json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "x"}});
    assert_eq!(ask(&server, Method::PUT, path, lease.clone()).await.0, 201);
    let (code, refused) = ask(&server, Method::PUT, path, lease).await;
    assert_eq!((code, &refused["reason"]), (422, &json!("Invalid")));
}

#[tokio::test(start_paused = true)]
async fn a_finalizer_keeps_an_object_until_it_is_gone() {
    let server = server();
    let maps: Api<ConfigMap> = Api::namespaced(server.client("shop"), "shop");
    let map: ConfigMap =
        serde_json::from_value(json!({"metadata": {"name": "a", "finalizers": ["x/y"]}})).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    let left = maps.delete("a", &DeleteParams::default()).await.unwrap().left().unwrap();
    assert!(left.metadata.deletion_timestamp.is_some());
    let patch = json!({"metadata": {"finalizers": null}});
    maps.patch("a", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deletion_holds_to_what_it_requires() {
    let server = server();
    let maps: Api<ConfigMap> = Api::namespaced(server.client("shop"), "shop");
    let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "a"}})).unwrap();
    let made = maps.create(&PostParams::default(), &map).await.unwrap();
    let wrong = DeleteParams {
        preconditions: Some(kube::api::Preconditions { uid: Some("x".into()), ..Default::default() }),
        ..Default::default()
    };
    assert!(matches!(maps.delete("a", &wrong).await, Err(kube::Error::Api(status)) if status.is_conflict()));
    let gone = maps.delete("a", &DeleteParams::default()).await.unwrap().right().unwrap();
    assert_eq!(gone.details.unwrap().uid, made.metadata.uid.unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_applies_owns_its_fields_and_gives_up_what_it_no_longer_states() {
    let server = server();
    let maps: Api<ConfigMap> = Api::namespaced(server.client("shop"), "shop");
    let apply = async |manager: &str, data: Value, force: bool| {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
        maps.patch("a", &PatchParams { force, ..PatchParams::apply(manager) }, &Patch::Apply(&map)).await
    };
    apply("one", json!({"a": "1", "b": "1"}), false).await.unwrap();
    let same = apply("one", json!({"a": "1", "b": "1"}), false).await.unwrap();
    let refused = apply("two", json!({"a": "2"}), false).await;
    assert!(
        matches!(refused, Err(kube::Error::Api(status)) if status.is_conflict() && status.details.as_ref().unwrap().causes[0].field == ".data.a")
    );
    apply("two", json!({"a": "2"}), true).await.unwrap();
    let left = apply("one", json!({}), false).await.unwrap();
    assert_eq!(left.data.unwrap(), [("a".to_owned(), "2".to_owned())].into());
    assert_eq!(same.metadata.resource_version.as_deref(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_registered_is_not_found() {
    assert_eq!(get(&server(), "/apis/example.org/v1/namespaces/shop/crates").await.0, 404);
    let server = server().with(Resource::custom("example.org", "v1", "Crate", "crates"));
    let (code, list) = get(&server, "/apis/example.org/v1/namespaces/shop/crates").await;
    assert_eq!((code, &list["kind"]), (200, &json!("CrateList")));
}

#[tokio::test(start_paused = true)]
async fn a_test_sees_each_write_as_it_lands() {
    let (sender, landed) = std::sync::mpsc::channel();
    let server = server();
    server.observe(move |write, view| {
        let sizes = view.all(write.resource).count();
        let _ = sender.send((write.manager.to_owned(), write.before.is_some(), write.after.is_some(), sizes));
    });
    ask(&server, Method::POST, MAPS, json!({"metadata": {"name": "a"}})).await;
    ask(&server, Method::DELETE, &format!("{MAPS}/a"), Value::Null).await;
    let told: Vec<_> = landed.try_iter().collect();
    assert_eq!(told, [("test".to_owned(), false, true, 1), ("test".to_owned(), true, false, 0)]);
}
