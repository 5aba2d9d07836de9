use serde_json::json;

use super::*;
use crate::resources::Deployment;

fn deployment(name: &str, version: u64, replicas: i32) -> Deployment {
    let metadata = json!({ "name": name, "namespace": "shop", "resourceVersion": version.to_string() });
    serde_json::from_value(json!({ "metadata": metadata, "spec": { "replicas": replicas } }))
        .expect("a Deployment")
}

fn replicas(store: &Store<Deployment>) -> Option<i32> {
    store.get("shop", "blue").map(|known| known.replicas())
}

#[test]
fn what_is_older_than_what_is_known_changes_nothing() {
    let store = Store::default();
    assert!(store.take(deployment("blue", 7, 2)).is_some());
    assert!(store.take(deployment("blue", 6, 1)).is_none());
    assert!(store.forget(&deployment("blue", 6, 1)).is_none());
    assert_eq!(replicas(&store), Some(2));
}

#[test]
fn an_answer_that_comes_after_the_deletion_brings_nothing_back() {
    let store = Store::default();
    store.take(deployment("blue", 7, 2));
    store.forget(&deployment("blue", 9, 2));
    store.told_until(Some(9));
    assert!(store.take(deployment("blue", 8, 3)).is_none());
    assert_eq!(replicas(&store), None);
}

#[test]
fn only_a_new_version_is_no_change_that_is_told() {
    let store = Store::default();
    store.take(deployment("blue", 7, 2));
    assert!(store.take(deployment("blue", 8, 2)).is_none());
    let known = store.get("shop", "blue").expect("it is there");
    assert_eq!(number(&known.metadata), Some(8));
}

#[test]
fn a_list_tells_what_is_gone_and_keeps_an_answer_that_is_newer() {
    let store = Store::default();
    store.take(deployment("blue", 12, 3));
    store.take(deployment("green", 4, 1));
    let changed = store.replace(vec![deployment("blue", 5, 2)], Some(10)).expect("it is no older");
    assert_eq!(changed.len(), 1);
    assert!(changed.iter().all(|changed| changed.after.is_none()));
    assert_eq!(replicas(&store), Some(3));
}

#[test]
fn a_list_that_is_older_than_what_was_told_is_not_taken() {
    let store = Store::default();
    store.replace(vec![deployment("blue", 5, 2)], Some(10)).expect("the first");
    assert!(store.replace(vec![], Some(9)).is_err());
    assert_eq!(replicas(&store), Some(2));
}

#[test]
fn a_namespace_in_which_nothing_is_left_costs_nothing() {
    let store = Store::default();
    store.take(deployment("blue", 7, 2));
    store.forget(&deployment("blue", 9, 2));
    store.told_until(Some(9));
    assert!(store.take(deployment("blue", 8, 3)).is_none());
    assert_eq!(store.read().spaces.len(), 0);
}
