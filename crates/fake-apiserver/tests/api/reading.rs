use fake_apiserver::Server;
use serde_json::{Value, json};

use crate::{get, server};

const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

fn make(server: &Server, namespace: &str, name: &str, label: &str) {
    let metadata = json!({"name": name, "namespace": namespace, "labels": {"l": label}});
    server.create("test", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).unwrap();
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_list_is_of_a_namespace_or_of_all_and_of_what_is_selected() {
    let server = server();
    make(&server, "shop", "a", "x");
    make(&server, "shop", "b", "y");
    make(&server, "other", "c", "x");
    assert_eq!(names(&get(&server, MAPS).await.1), ["a", "b"]);
    assert_eq!(names(&get(&server, "/api/v1/configmaps").await.1), ["c", "a", "b"]);
    assert_eq!(names(&get(&server, &format!("{MAPS}?labelSelector=l%3Dx")).await.1), ["a"]);
    assert_eq!(names(&get(&server, &format!("{MAPS}?fieldSelector=metadata.name%3Db")).await.1), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn pages_are_all_of_one_moment() {
    let server = server();
    ["a", "b", "c"].into_iter().for_each(|name| make(&server, "shop", name, "x"));
    let first = get(&server, &format!("{MAPS}?limit=2")).await.1;
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    make(&server, "shop", "bb", "x");
    server.delete("test", &fake_apiserver::Resource::CONFIG_MAPS, "shop", "c").unwrap();
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = get(&server, &format!("{MAPS}?limit=2&continue={token}")).await.1;
    assert_eq!(names(&second), ["c"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    server.compact();
    let (code, expired) = get(&server, &format!("{MAPS}?limit=2&continue={token}")).await;
    assert_eq!((code, &expired["reason"]), (410, &json!("Expired")));
    assert_eq!(get(&server, &format!("{MAPS}?continue=nonsense")).await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn a_version_is_exact_not_older_or_too_large() {
    let server = server();
    make(&server, "shop", "a", "x");
    let version = get(&server, MAPS).await.1["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    make(&server, "shop", "b", "x");
    let exact = format!("{MAPS}?resourceVersion={version}&resourceVersionMatch=Exact");
    assert_eq!(names(&get(&server, &exact).await.1), ["a"]);
    assert_eq!(names(&get(&server, &format!("{MAPS}?resourceVersion={version}")).await.1), ["a", "b"]);
    assert_eq!(names(&get(&server, &format!("{MAPS}?resourceVersion=0")).await.1), ["a", "b"]);
    let (code, refused) = get(&server, &format!("{MAPS}?resourceVersion=999")).await;
    assert_eq!((code, &refused["details"]["causes"][0]["reason"]), (504, &json!("ResourceVersionTooLarge")));
}

#[tokio::test(start_paused = true)]
async fn only_the_metadata_is_answered_where_that_is_asked() {
    use k8s_openapi::api::core::v1::ConfigMap;
    let server = server();
    make(&server, "shop", "a", "x");
    let maps: kube::Api<ConfigMap> = kube::Api::namespaced(server.client("shop"), "shop");
    let list = maps.list_metadata(&Default::default()).await.unwrap();
    assert_eq!(list.items[0].metadata.name.as_deref(), Some("a"));
    assert_eq!(list.types.kind, "PartialObjectMetadataList");
}
