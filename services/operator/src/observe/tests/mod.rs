//! What is seen of a small cluster: one workload, two pods a side, blue serves.

mod pods;
mod routes;
mod sides;

use std::{collections::BTreeMap, sync::Mutex};

use fake_apiserver::{Resource, Server, controllers::Controllers};
use k8s_openapi::jiff::Timestamp;
use rollout::{Colour, Object, Observed, Time, observed};
use serde_json::{Value, json};

use super::{Memory, View, World};
use crate::{
    cache::{Caches, Store},
    index::Index,
    resources::{Declared, Kept},
};

const NAMESPACE: &str = "shop";
const COLOUR: &str = "switchyard.dev/color";

/// A cluster, and what is known of it.
struct Cluster {
    server: Server,
    controllers: Controllers,
    memory: Known,
}

/// What a leader remembers.
#[derive(Default)]
struct Known {
    sealed: Vec<Object>,
    refused: Option<(Object, String)>,
    nobody: Mutex<Vec<String>>,
}

impl Memory for Known {
    fn is_sealed(&self, _: &str, object: &Object) -> bool {
        self.sealed.contains(object)
    }

    fn refused(&self, _: &str, object: &Object) -> Option<String> {
        self.refused.as_ref().filter(|(of, _)| of == object).map(|(_, words)| words.clone())
    }

    fn is_nobody(&self, uid: &str) -> bool {
        self.nobody.lock().unwrap().iter().any(|one| one == uid)
    }
}

fn blue_greens() -> Resource {
    Resource::of::<rollout::BlueGreen>()
}

fn cluster() -> Cluster {
    let server = Server::starting_at(Timestamp::UNIX_EPOCH).with(blue_greens());
    let controllers = Controllers::new(&server);
    let cluster = Cluster { server, controllers, memory: Known::default() };
    for colour in Colour::BOTH {
        cluster.make(deployment(&format!("shop-{colour}"), colour.label()));
    }
    cluster.make(service("shop", "blue"));
    cluster.make(blue_green("shop"));
    cluster
}

fn deployment(name: &str, colour: &str) -> Value {
    let labels = json!({"app": "shop", COLOUR: colour});
    let ports = json!([{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 8081}]);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "c", "image": "shop:1", "ports": ports}]},
        }},
    })
}

fn service(name: &str, colour: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"app": "shop", COLOUR: colour}, "ports": [{"port": 80, "targetPort": "http"}]},
    })
}

fn blue_green(name: &str) -> Value {
    json!({
        "apiVersion": "switchyard.dev/v1alpha1", "kind": "BlueGreen",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"active": "blue", "workloads": [{
            "name": "shop", "services": [{"name": "shop"}],
            "blue": {"deployment": "shop-blue"}, "green": {"deployment": "shop-green"},
        }]},
    })
}

impl Cluster {
    fn make(&self, object: Value) {
        self.server.create("test", object).unwrap();
        self.controllers.settle();
    }

    fn edit(&self, resource: &Resource, name: &str, change: impl FnOnce(&mut Value)) {
        self.server.edit("test", resource, NAMESPACE, name, change).unwrap();
        self.controllers.settle();
    }

    /// The names of a side's pods.
    fn pods(&self, colour: &str) -> Vec<String> {
        let pods = self.server.all(&Resource::PODS);
        let of = pods.iter().filter(|pod| pod["metadata"]["labels"][COLOUR] == colour);
        of.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The uid of a BlueGreen.
    fn uid(&self, name: &str) -> String {
        self.server.get(&blue_greens(), NAMESPACE, name).unwrap()["metadata"]["uid"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn caches(&self) -> Caches {
        let caches = Caches::default();
        self.fill(&caches.declared, &blue_greens());
        self.fill(&caches.deployments, &Resource::DEPLOYMENTS);
        self.fill(&caches.replica_sets, &Resource::REPLICA_SETS);
        self.fill(&caches.pods, &Resource::PODS);
        self.fill(&caches.services, &Resource::SERVICES);
        self.fill(&caches.slices, &Resource::ENDPOINT_SLICES);
        self.fill(&caches.autoscalers, &Resource::AUTOSCALERS);
        caches
    }

    fn fill<K: Kept>(&self, store: &Store<K>, resource: &Resource) {
        for object in self.server.all(resource) {
            store.take(serde_json::from_value(Value::clone(&object)).unwrap());
        }
    }

    /// Looks as the BlueGreen `shop` does.
    fn look<T>(&self, look: impl FnOnce(&World<'_>) -> T) -> T {
        self.look_into(&self.caches(), self.server.clock().now().as_second(), look)
    }

    /// The same, by these caches and at that second.
    fn look_into<T>(&self, caches: &Caches, second: i64, look: impl FnOnce(&World<'_>) -> T) -> T {
        let index = Index::default();
        for object in self.server.all(&blue_greens()) {
            let declared: Declared = serde_json::from_value(Value::clone(&object)).unwrap();
            index.update(&crate::cache::Changed { before: None, after: Some(declared.into()) });
        }
        let declared = caches.declared.get(NAMESPACE, "shop").unwrap();
        look(&World {
            caches,
            index: &index,
            memory: &self.memory,
            color_label: COLOUR,
            namespace: NAMESPACE,
            declared: &declared,
            drained: &|_| false,
            gates: &BTreeMap::new(),
            now: Time::from_millis(second * 1_000),
        })
    }

    fn seen(&self) -> Observed {
        self.look(|world| world.view().seen)
    }

    fn side(&self, colour: Colour) -> observed::Deployment {
        self.seen().workloads["shop"].side(colour).unwrap().clone()
    }

    fn route(&self) -> observed::Route {
        self.seen().workloads["shop"].routes["shop"].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_not_seen() {
    let cluster = cluster();
    cluster.server.delete("test", &Resource::DEPLOYMENTS, NAMESPACE, "shop-green").unwrap();
    cluster.server.delete("test", &Resource::SERVICES, NAMESPACE, "shop").unwrap();
    cluster.controllers.settle();
    let workload = &cluster.seen().workloads["shop"];
    assert!(workload.blue.is_some() && workload.green.is_none() && workload.routes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn approvals_are_read_by_gate() {
    let cluster = cluster();
    cluster.edit(&blue_greens(), "shop", |object| {
        object["metadata"]["annotations"] = json!({"approve.switchyard.dev/sign-off": "r1", "other": "x"});
    });
    assert_eq!(cluster.seen().approvals, [("sign-off".to_owned(), "r1".to_owned())].into());
}
