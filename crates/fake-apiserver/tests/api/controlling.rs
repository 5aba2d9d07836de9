use fake_apiserver::{Resource, Server, controllers::Controllers};
use serde_json::{Value, json};

use crate::server;

fn cluster(replicas: u32) -> (Server, Controllers) {
    let server = server();
    for color in ["blue", "green"] {
        let labels = json!({"app": "shop", "color": color});
        let container =
            json!({"name": "c", "image": "shop:1", "ports": [{"name": "http", "containerPort": 8080}]});
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": color, "namespace": "shop"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [container]},
            }},
        });
        server.create("test", deployment).unwrap();
    }
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"selector": {"app": "shop", "color": "blue"}, "ports": [{"port": 80, "targetPort": "http"}]},
    });
    server.create("test", service).unwrap();
    let controllers = Controllers::new(&server);
    controllers.settle();
    (server, controllers)
}

fn edit(server: &Server, resource: &Resource, name: &str, pointer: &str, value: Value) {
    server
        .edit("test", resource, "shop", name, |object| *object.pointer_mut(pointer).unwrap() = value)
        .unwrap();
}

fn pods(server: &Server, color: &str) -> Vec<String> {
    let pods =
        server.all(&Resource::PODS).into_iter().filter(|pod| pod["metadata"]["labels"]["color"] == color);
    pods.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

/// The pods of the Service's endpoints, and whether each is ready; the port of each slice.
fn endpoints(server: &Server) -> (Vec<(String, bool)>, Vec<Value>) {
    let slices = server.all(&Resource::ENDPOINT_SLICES);
    let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().unwrap());
    let mut found: Vec<_> = endpoints
        .map(|one| {
            (one["targetRef"]["name"].as_str().unwrap().to_owned(), one["conditions"]["ready"] == true)
        })
        .collect();
    found.sort();
    (found, slices.iter().map(|slice| slice["ports"][0]["port"].clone()).collect())
}

#[tokio::test(start_paused = true)]
async fn a_deployment_becomes_ready_pods_and_the_endpoints_of_the_service_that_selects_them() {
    let (server, _) = cluster(2);
    let (found, ports) = endpoints(&server);
    assert_eq!(found.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), pods(&server, "blue"));
    assert!(found.iter().all(|(_, ready)| *ready));
    assert_eq!(ports, [8080]);
    let deployment = server.get(&Resource::DEPLOYMENTS, "shop", "blue").unwrap();
    assert_eq!(deployment["status"]["availableReplicas"], 2);
    assert_eq!(deployment["status"]["observedGeneration"], 1);
}

#[tokio::test(start_paused = true)]
async fn the_endpoints_follow_the_selector_and_the_readiness() {
    let (server, controllers) = cluster(2);
    edit(&server, &Resource::SERVICES, "shop", "/spec/selector/color", "green".into());
    controllers.settle();
    let green = pods(&server, "green");
    assert_eq!(endpoints(&server).0, green.iter().map(|name| (name.clone(), true)).collect::<Vec<_>>());
    controllers.ready_if(|pod| pod["metadata"]["labels"]["color"] != "green");
    controllers.settle();
    assert_eq!(endpoints(&server).0, green.into_iter().map(|name| (name, false)).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_rollout_keeps_to_the_old_pods_while_the_new_ones_are_not_ready() {
    let (server, controllers) = cluster(4);
    let old = pods(&server, "blue");
    controllers.ready_if(|pod| pod["spec"]["containers"][0]["image"] != "shop:2");
    edit(&server, &Resource::DEPLOYMENTS, "blue", "/spec/template/spec/containers/0/image", "shop:2".into());
    controllers.settle();
    let left = pods(&server, "blue").into_iter().filter(|pod| old.contains(pod)).count();
    assert_eq!((left, pods(&server, "blue").len()), (3, 5));
    controllers.ready_if(|_| true);
    controllers.settle();
    assert_eq!(pods(&server, "blue").len(), 4);
    assert!(pods(&server, "blue").iter().all(|pod| !old.contains(pod)));
}

#[tokio::test(start_paused = true)]
async fn many_endpoints_are_in_slices_of_a_hundred() {
    let (server, controllers) = cluster(250);
    let sizes = |server: &Server| {
        let slices = server.all(&Resource::ENDPOINT_SLICES);
        slices.iter().map(|slice| slice["endpoints"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    let mut found = sizes(&server);
    found.sort_unstable();
    assert_eq!(found, [50, 100, 100]);
    edit(&server, &Resource::DEPLOYMENTS, "blue", "/spec/replicas", 0.into());
    controllers.settle();
    assert_eq!(sizes(&server), [0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_owned_by_what_is_gone_goes_too() {
    let (server, controllers) = cluster(2);
    server.delete("test", &Resource::DEPLOYMENTS, "shop", "blue").unwrap();
    server.delete("test", &Resource::SERVICES, "shop", "shop").unwrap();
    controllers.settle();
    assert_eq!(pods(&server, "blue").len(), 0);
    assert_eq!(server.all(&Resource::REPLICA_SETS).len(), 1);
    assert_eq!(server.all(&Resource::ENDPOINT_SLICES).len(), 0);
}
