//! The cluster before a release: workloads of two sides, of which blue serves.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use fake_apiserver::{Resource, Server, controllers::Controllers, faults::Random};
use k8s_openapi::jiff::Timestamp;
use rollout::BlueGreen;
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Duration, Instant, sleep},
};

use crate::world::{Gate, Kind, World};

pub(crate) const NAMESPACE: &str = "shop";
pub(crate) const COLOUR: &str = "switchyard.dev/color";

/// A cluster.
pub(crate) struct Cluster {
    pub(crate) server: Server,
    pub(crate) controllers: Controllers,
    pub(crate) world: World,
    pub(crate) workloads: Vec<String>,
    /// Whether green's pods get Ready.
    pub(crate) good: Arc<AtomicBool>,
    /// When it was made.
    pub(crate) began: Instant,
    /// How many operators were killed.
    pub(crate) deaths: AtomicU64,
}

impl Cluster {
    /// One of this world, at rest.
    pub(crate) fn new(world: &World) -> Self {
        let server =
            Server::starting_at("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap()).with(blue_greens());
        let server = if world.forgets { server.remembering(30) } else { server };
        let controllers = Controllers::new(&server);
        let good = Arc::new(AtomicBool::new(true));
        let green = Arc::clone(&good);
        controllers.ready_if(move |pod| {
            pod["metadata"]["labels"][COLOUR] != "green" || green.load(Ordering::Relaxed)
        });
        let workloads: Vec<_> = (0..world.workloads).map(|number| format!("work-{number}")).collect();
        let (world, began) = (world.clone(), Instant::now());
        let cluster = Self { server, controllers, world, workloads, good, began, deaths: AtomicU64::new(0) };
        cluster.furnish();
        cluster.controllers.settle();
        cluster.server.create("test", cluster.blue_green()).unwrap();
        cluster
    }

    fn furnish(&self) {
        for workload in &self.workloads {
            for (colour, replicas) in [("blue", 2), ("green", self.world.replicas)] {
                self.make(deployment(workload, colour, replicas));
                if self.world.scaled {
                    self.make(autoscaler(workload, colour));
                }
            }
            self.make(service(workload, workload, "blue"));
            if self.world.preview {
                self.make(service(&preview(workload), workload, "green"));
            }
        }
        let job = json!({"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "check:1"}]}}});
        self.make(json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "check", "namespace": NAMESPACE},
            "spec": {"schedule": "@yearly", "suspend": true, "jobTemplate": {"spec": job}},
        }));
    }

    fn make(&self, object: Value) {
        self.server.create("test", object).unwrap();
    }

    /// The wish is this colour from now on.
    pub(crate) fn wish(&self, colour: &str) {
        self.edit(|object| object["spec"]["active"] = colour.into());
    }

    /// What failed is tried again.
    pub(crate) fn try_again(&self) {
        self.edit(|object| {
            let attempt = object["spec"]["attempt"].as_u64().unwrap_or_default();
            object["spec"]["attempt"] = (attempt + 1).into();
        });
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
            let mut workload = json!({
                "name": name, "services": [{"name": name}],
                "blue": {"deployment": format!("{name}-blue")}, "green": {"deployment": format!("{name}-green")},
            });
            if self.world.preview {
                workload["preview"] = json!({"service": preview(name)});
            }
            workload
        });
        let mut drain = json!({"min": "1s", "max": "3s"});
        if self.world.drains {
            drain["port"] = "admin".into();
        }
        json!({
            "apiVersion": "switchyard.dev/v1alpha1", "kind": "BlueGreen",
            "metadata": {"name": "shop", "namespace": NAMESPACE},
            "spec": {
                "active": "blue", "workloads": workloads.collect::<Vec<_>>(), "progressDeadline": "2m",
                "drain": drain, "idle": {"replicas": 0, "after": "10s"},
                "gates": {"before": gates("before", &self.world.before), "after": gates("after", &self.world.after)},
            },
        })
    }
}

pub(crate) fn blue_greens() -> Resource {
    Resource::of::<BlueGreen>()
}

/// The name of a workload's preview.
pub(crate) fn preview(workload: &str) -> String {
    format!("{workload}-preview")
}

/// A gate is called by its stage and its number.
fn gates(stage: &str, gates: &[Gate]) -> Vec<Value> {
    let declared = gates.iter().enumerate().map(|(number, gate)| {
        let name = format!("{stage}-{number}");
        let path = format!("/{name}");
        match gate.kind {
            Kind::Http => {
                json!({"name": name, "http": {"port": "admin", "path": path, "attempts": 20, "interval": "1s", "timeout": "1s"}})
            }
            Kind::Approval => json!({"name": name, "approval": {}}),
            Kind::Job => json!({"name": name, "job": {"fromCronJob": "check", "timeout": "1m"}}),
        }
    });
    declared.collect()
}

fn labels(workload: &str, colour: &str) -> Value {
    json!({"app": workload, COLOUR: colour})
}

fn deployment(workload: &str, colour: &str, replicas: u64) -> Value {
    let labels = labels(workload, colour);
    let ports = json!([{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 8081}]);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("{workload}-{colour}"), "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "c", "image": "shop:1", "ports": ports}]},
        }},
    })
}

/// Of a workload, which points at that colour.
pub(crate) fn service(name: &str, workload: &str, colour: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": labels(workload, colour), "ports": [{"port": 80, "targetPort": "http"}]},
    })
}

fn autoscaler(workload: &str, colour: &str) -> Value {
    let deployment = format!("{workload}-{colour}");
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": deployment, "namespace": NAMESPACE},
        "spec": {
            "minReplicas": 1, "maxReplicas": 5,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        },
    })
}
