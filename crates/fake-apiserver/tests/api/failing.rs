use std::time::Duration;

use fake_apiserver::{
    Resource, Server,
    faults::{Fault, Faults, seeded},
    refusal,
};
use futures_util::{TryStreamExt, future};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client,
    api::{ListParams, Patch, PatchParams, WatchEvent, WatchParams},
};
use serde_json::json;
use tokio::time::timeout;
use tower::Layer;

use crate::server;

const MOMENT: Duration = Duration::from_secs(3);

fn make(server: &Server, name: &str) {
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}});
    server.create("test", map).unwrap();
}

fn maps(server: &Server, faults: &Faults) -> Api<ConfigMap> {
    Api::namespaced(Client::new(faults.layer(server.clone()), "shop"), "shop")
}

async fn patch(maps: &Api<ConfigMap>, value: &str) -> kube::Result<ConfigMap> {
    maps.patch("a", &PatchParams::default(), &Patch::Merge(json!({"data": {"k": value}}))).await
}

fn value(server: &Server) -> String {
    let map = server.get(&Resource::CONFIG_MAPS, "shop", "a").unwrap();
    map["data"]["k"].as_str().unwrap_or_default().to_owned()
}

/// What becomes of a write that meets this fault: whether it is answered in a moment and well, and what is there then, and a while later.
async fn write(fault: Fault) -> (Option<bool>, String, String) {
    let server = server();
    make(&server, "a");
    let faults = Faults::new(move |asked| asked.writes.then(|| fault.clone()));
    let answered =
        timeout(MOMENT, patch(&maps(&server, &faults), "v")).await.ok().map(|answer| answer.is_ok());
    let then = value(&server);
    tokio::time::sleep(Duration::from_secs(60)).await;
    (answered, then, value(&server))
}

#[tokio::test(start_paused = true)]
async fn a_write_lands_or_not_and_is_answered_or_not() {
    let (done, not) = (|| "v".to_owned(), String::new);
    let refusal = refusal::too_many_requests(1);
    assert_eq!(write(Fault::Refused(refusal.clone())).await, (Some(false), not(), not()));
    assert_eq!(write(Fault::Misreported(refusal)).await, (Some(false), done(), done()));
    assert_eq!(write(Fault::Lost).await, (None, not(), not()));
    assert_eq!(write(Fault::Unanswered).await, (None, done(), done()));
    assert_eq!(write(Fault::Slow(Duration::from_secs(1))).await, (Some(true), done(), done()));
    assert_eq!(write(Fault::Slow(Duration::from_secs(10))).await, (None, not(), not()));
    assert_eq!(write(Fault::Late(Duration::from_secs(10))).await, (None, not(), done()));
}

#[tokio::test(start_paused = true)]
async fn who_is_killed_after_a_write_has_made_it_and_hears_nothing_any_more() {
    let server = server();
    make(&server, "a");
    let faults = Faults::new(|_| None);
    faults.kill_after(2);
    let maps = maps(&server, &faults);
    patch(&maps, "one").await.unwrap();
    assert!(timeout(MOMENT, patch(&maps, "two")).await.is_err());
    faults.killed().await;
    assert!(timeout(MOMENT, patch(&maps, "three")).await.is_err());
    assert!(timeout(MOMENT, maps.list(&ListParams::default())).await.is_err());
    assert_eq!(value(&server), "two");
}

/// The names that a watch of a minute from the first version tells.
async fn watch(fault: Fault, from: &str) -> Vec<String> {
    let server = server();
    ["a", "b", "c"].into_iter().for_each(|name| make(&server, name));
    let faults = Faults::new(move |asked| asked.watches.then(|| fault.clone()));
    let params = WatchParams { bookmarks: false, ..WatchParams::default() }.timeout(60);
    let stream = maps(&server, &faults).watch(&params, from).await.unwrap();
    let mut names = vec![];
    let told = stream.try_for_each(|event| {
        if let WatchEvent::Added(map) = event {
            names.push(map.metadata.name.unwrap());
        }
        future::ready(Ok(()))
    });
    let ended = timeout(Duration::from_secs(120), told).await.is_ok();
    names.push(if ended { "." } else { "?" }.to_owned());
    names
}

#[tokio::test(start_paused = true)]
async fn a_watch_breaks_off_stalls_lags_or_tells_again() {
    assert_eq!(watch(Fault::BreaksOff(2), "1").await, ["a", "b", "."]);
    assert_eq!(watch(Fault::Stalls(1), "1").await, ["a", "?"]);
    assert_eq!(watch(Fault::Lags(Duration::from_secs(2)), "1").await, ["a", "b", "c", "."]);
    assert_eq!(watch(Fault::Rewound(2), "4").await, ["b", "c", "."]);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_has_the_same_faults() {
    async fn run(seed: u64) -> Vec<Option<bool>> {
        let server = server();
        make(&server, "a");
        let maps = maps(&server, &Faults::new(seeded(seed, 50)));
        let mut answers = vec![];
        for number in 0..30 {
            let answer = timeout(MOMENT, patch(&maps, &number.to_string())).await;
            answers.push(answer.ok().map(|answer| answer.is_ok()));
        }
        answers
    }
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}
