use std::{pin::pin, time::Duration};

use fake_apiserver::{Resource, Server};
use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{WatchEvent, WatchParams},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;
use tokio::time::Instant;

use crate::server;

fn make(server: &Server, name: &str, label: &str) {
    let metadata = json!({"name": name, "namespace": "shop", "labels": {"l": label}});
    server.create("test", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).unwrap();
}

fn label(server: &Server, name: &str, label: &str) {
    let change = |object: &mut serde_json::Value| object["metadata"]["labels"]["l"] = label.into();
    server.edit("test", &Resource::CONFIG_MAPS, "shop", name, change).unwrap();
}

fn maps(server: &Server) -> Api<ConfigMap> {
    Api::namespaced(server.client("shop"), "shop")
}

fn told(event: &WatchEvent<ConfigMap>) -> String {
    let name = |map: &ConfigMap| map.metadata.name.clone().unwrap();
    match event {
        WatchEvent::Added(map) => format!("+{}", name(map)),
        WatchEvent::Modified(map) => format!("~{}", name(map)),
        WatchEvent::Deleted(map) => format!("-{}", name(map)),
        WatchEvent::Bookmark(mark) => format!("={}", mark.metadata.annotations.len()),
        WatchEvent::Error(status) => format!("!{}", status.code),
    }
}

/// Everything that a watch tells until it ends.
async fn all(server: &Server, params: &WatchParams, version: &str) -> Vec<String> {
    let stream = maps(server).watch(params, version).await.unwrap();
    stream.map_ok(|event| told(&event)).try_collect().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_happened_since_its_version_and_what_happens() {
    let server = server();
    make(&server, "a", "x");
    let version = server.revision().to_string();
    make(&server, "b", "x");
    let params = WatchParams { bookmarks: false, ..WatchParams::default() }.timeout(10);
    let later = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        label(&server, "a", "y");
        server.delete("test", &Resource::CONFIG_MAPS, "shop", "b").unwrap();
    };
    let (events, ()) = tokio::join!(all(&server, &params, &version), later);
    assert_eq!(events, ["+b", "~a", "-b"]);
}

#[tokio::test(start_paused = true)]
async fn what_begins_or_ends_to_be_selected_is_added_or_deleted() {
    let server = server();
    make(&server, "a", "x");
    let version = server.revision().to_string();
    ["y", "x", "y"].into_iter().for_each(|value| label(&server, "a", value));
    let params = WatchParams { bookmarks: false, ..WatchParams::default() }.labels("l=x").timeout(5);
    assert_eq!(all(&server, &params, &version).await, ["-a", "+a", "-a"]);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_is_gone() {
    let server = server().remembering(2);
    ["a", "b", "c", "d"].into_iter().for_each(|name| make(&server, name, "x"));
    let params = WatchParams::default().timeout(5);
    assert_eq!(all(&server, &params, "1").await, ["!410"]);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_each_minute_and_shortly_before_the_end() {
    let server = server();
    make(&server, "a", "x");
    let started = Instant::now();
    let stream = maps(&server).watch(&WatchParams::default().timeout(150), "2").await.unwrap();
    let times: Vec<_> =
        stream.map_ok(|event| (told(&event), started.elapsed().as_secs())).try_collect().await.unwrap();
    assert_eq!(times, [("=0".to_owned(), 60), ("=0".to_owned(), 120), ("=0".to_owned(), 148)]);
    assert_eq!(started.elapsed().as_secs(), 150);
}

#[tokio::test(start_paused = true)]
async fn initial_events_end_with_a_bookmark_that_says_so() {
    let server = server();
    make(&server, "a", "x");
    let params = WatchParams::default().initial_events().timeout(1);
    assert_eq!(all(&server, &params, "0").await, ["+a", "=1"]);
}

#[tokio::test(start_paused = true)]
async fn the_watchers_of_kube_see_everything_by_pages_and_by_streaming_lists() {
    for config in [watcher::Config::default().page_size(1), watcher::Config::default().streaming_lists()] {
        let server = server();
        ["a", "b", "c"].into_iter().for_each(|name| make(&server, name, "x"));
        let mut objects = pin!(watcher(maps(&server), config).applied_objects());
        for name in ["a", "b", "c"] {
            assert_eq!(objects.next().await.unwrap().unwrap().metadata.name.unwrap(), name);
        }
        make(&server, "d", "x");
        assert_eq!(objects.next().await.unwrap().unwrap().metadata.name.unwrap(), "d");
        server.compact();
        make(&server, "e", "x");
        let mut seen = vec![];
        while !seen.contains(&"e".to_owned()) {
            if let Ok(map) = objects.next().await.unwrap() {
                seen.push(map.metadata.name.unwrap());
            }
        }
    }
}
