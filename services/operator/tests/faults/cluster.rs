//! The cluster before a release: workloads of two sides, of which blue serves.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use fake_apiserver::{Resource, Server, controllers::Controllers, faults::Random};
use k8s_openapi::jiff::Timestamp;
use rollout::BlueGreen;
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

pub(crate) const NAMESPACE: &str = "shop";
pub(crate) const COLOUR: &str = "switchyard.dev/color";

/// A cluster.
pub(crate) struct Cluster {
    pub(crate) server: Server,
    pub(crate) controllers: Controllers,
    pub(crate) workloads: Vec<String>,
    /// Whether green's pods get Ready.
    pub(crate) good: Arc<AtomicBool>,
}

impl Cluster {
    /// One of this seed, at rest.
    pub(crate) fn new(random: &mut Random) -> Self {
        let server =
            Server::starting_at("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap()).with(blue_greens());
        let controllers = Controllers::new(&server);
        let good = Arc::new(AtomicBool::new(true));
        let green = Arc::clone(&good);
        controllers.ready_if(move |pod| {
            pod["metadata"]["labels"][COLOUR] != "green" || green.load(Ordering::Relaxed)
        });
        let workloads: Vec<_> = (0..=random.below(2)).map(|number| format!("work-{number}")).collect();
        let replicas = random.below(3);
        for workload in &workloads {
            deployment(&server, workload, "blue", 2);
            deployment(&server, workload, "green", replicas);
            service(&server, workload);
        }
        controllers.settle();
        let cluster = Self { server, controllers, workloads, good };
        cluster.server.create("test", cluster.blue_green()).unwrap();
        cluster
    }

    /// The wish is this colour from now on.
    pub(crate) fn wish(&self, colour: &str) {
        self.edit(|object| object["spec"]["active"] = colour.into());
    }

    pub(crate) fn edit(&self, change: impl FnOnce(&mut Value)) {
        self.server.edit("test", &blue_greens(), NAMESPACE, "shop", change).unwrap();
    }

    pub(crate) fn status(&self) -> Value {
        self.server
            .get(&blue_greens(), NAMESPACE, "shop")
            .map_or(Value::Null, |object| object["status"].clone())
    }

    /// Lets the controllers act, each when the dice say so.
    pub(crate) async fn control(self: Arc<Self>, mut random: Random) {
        let changed = Arc::new(Notify::new());
        let notify = Arc::clone(&changed);
        self.server.observe(move |_, _| notify.notify_one());
        loop {
            let mut due = self.controllers.due();
            if due.is_empty() {
                changed.notified().await;
                continue;
            }
            sleep(Duration::from_millis(random.below(60))).await;
            let index = usize::try_from(random.below(due.len() as u64)).unwrap();
            self.controllers.perform(&due.swap_remove(index));
        }
    }

    fn blue_green(&self) -> Value {
        let workloads = self.workloads.iter().map(|name| {
            json!({
                "name": name, "services": [{"name": name}],
                "blue": {"deployment": format!("{name}-blue")}, "green": {"deployment": format!("{name}-green")},
            })
        });
        json!({
            "apiVersion": "switchyard.dev/v1alpha1", "kind": "BlueGreen",
            "metadata": {"name": "shop", "namespace": NAMESPACE},
            "spec": {
                "active": "blue", "workloads": workloads.collect::<Vec<_>>(), "progressDeadline": "2m",
                "drain": {"min": "1s", "max": "3s"}, "idle": {"replicas": 0, "after": "10s"},
            },
        })
    }
}

pub(crate) fn blue_greens() -> Resource {
    Resource::of::<BlueGreen>()
}

fn labels(workload: &str, colour: &str) -> Value {
    json!({"app": workload, COLOUR: colour})
}

fn deployment(server: &Server, workload: &str, colour: &str, replicas: u64) {
    let labels = labels(workload, colour);
    let container =
        json!({"name": "c", "image": "shop:1", "ports": [{"name": "http", "containerPort": 8080}]});
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("{workload}-{colour}"), "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [container]},
        }},
    });
    server.create("test", object).unwrap();
}

fn service(server: &Server, workload: &str) {
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": workload, "namespace": NAMESPACE},
        "spec": {"selector": labels(workload, "blue"), "ports": [{"port": 80, "targetPort": "http"}]},
    });
    server.create("test", object).unwrap();
}
