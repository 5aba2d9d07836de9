//! A shop that is switched, on an API server in memory, and what happens to it while somebody types.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use fake_apiserver::{Resource, Server, faults::Faults};
use http::Method;
use k8s_openapi::api::core::v1::ResourceQuota;
use kubectl_switchyard::{Cluster, intent::COLOUR_LABEL};
use rollout::BlueGreen;
use serde_json::{Value, json};
use tokio::time::sleep;
use tower::Layer;

const NAMESPACE: &str = "default";

/// The BlueGreen `shop`, and all that it names.
pub(crate) struct Shop {
    server: Server,
    written: Arc<Mutex<Vec<String>>>,
    /// So many patches find that somebody else was faster.
    conflicts: Arc<AtomicUsize>,
}

impl Shop {
    /// A shop that blue serves, with a Deployment a side, one Service, and a gate that waits for a person.
    pub(crate) fn open() -> Self {
        let server = Server::new().with(Resource::of::<BlueGreen>()).with(Resource::of::<ResourceQuota>());
        for object in [blue_green(), deployment("blue", 2), deployment("green", 0), service()] {
            server.create("test", object).unwrap();
        }
        let written = Arc::<Mutex<Vec<_>>>::default();
        let names = written.clone();
        server.observe(move |landed, _| {
            if landed.manager == "kubectl-switchyard" {
                let name = landed.after.and_then(|object| object["metadata"]["name"].as_str());
                names.lock().unwrap().push(name.unwrap().to_owned());
            }
        });
        Self { server, written, conflicts: Arc::default() }
    }

    /// The namespace, as the plugin reaches it.
    pub(crate) fn cluster(&self) -> Cluster {
        let (server, conflicts) = (self.server.clone(), self.conflicts.clone());
        let faults = Faults::new(move |asked| {
            let left = |left: usize| left.checked_sub(1);
            if asked.method == Method::PATCH && conflicts.fetch_update(Relaxed, Relaxed, left).is_ok() {
                touch(&server, asked.path);
            }
            None
        });
        let client = kube::Client::new(faults.layer(self.server.clone()), NAMESPACE);
        Cluster::new(client, NAMESPACE, COLOUR_LABEL)
    }

    /// The names of what the plugin has written, in order.
    pub(crate) fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }

    /// The BlueGreen as it is.
    pub(crate) fn object(&self) -> Arc<Value> {
        self.server.get(&Resource::of::<BlueGreen>(), NAMESPACE, "shop").unwrap()
    }

    /// Changes the BlueGreen, as somebody else would.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Value)) {
        self.server.edit("somebody", &Resource::of::<BlueGreen>(), NAMESPACE, "shop", change).unwrap();
    }

    /// Deletes the BlueGreen, as somebody else would.
    pub(crate) fn delete(&self) {
        self.server.delete("somebody", &Resource::of::<BlueGreen>(), NAMESPACE, "shop").unwrap();
    }

    /// Somebody else changes what is patched just before, so many times.
    pub(crate) fn contend(&self, times: usize) {
        self.conflicts.store(times, Relaxed);
    }

    /// From now on nobody may do this.
    pub(crate) fn forbid(&self, verb: &str, resource: &Resource) {
        self.server.forbid(verb, resource);
    }

    /// Changes these parts of the status, as an operator would that has seen the object as it is.
    pub(crate) fn told(&self, parts: &Value) {
        let tell = |object: &mut Value| {
            let seen = object["metadata"]["generation"].clone();
            let status = object["status"].as_object_mut().unwrap();
            status.extend(parts.as_object().unwrap().clone());
            status.insert("observedGeneration".to_owned(), seen);
            status.retain(|_, part| !part.is_null());
        };
        self.server.set_status("operator", &Resource::of::<BlueGreen>(), NAMESPACE, "shop", tell).unwrap();
    }

    /// Tells these, a second after each other.
    pub(crate) async fn operated(&self, told: &[Value]) {
        for parts in told {
            sleep(Duration::from_secs(1)).await;
            self.told(parts);
        }
    }
}

/// Changes what is at this path.
fn touch(server: &Server, path: &str) {
    let mut parts = path.rsplit('/');
    let (name, plural) = (parts.next().unwrap(), parts.next().unwrap());
    let resource = if plural == "deployments" { Resource::DEPLOYMENTS } else { Resource::of::<BlueGreen>() };
    let revision = server.revision().to_string();
    let touch = |object: &mut Value| object["metadata"]["annotations"]["touched"] = json!(revision);
    server.edit("somebody", &resource, NAMESPACE, name, touch).unwrap();
}

fn blue_green() -> Value {
    json!({
        "apiVersion": "switchyard.dev/v1alpha1",
        "kind": "BlueGreen",
        "metadata": {"name": "shop", "namespace": NAMESPACE},
        "spec": {
            "active": "blue",
            "gates": {"before": [{"name": "sign-off", "approval": {}}]},
            "drain": {"port": "admin"},
            "workloads": [{
                "name": "ordering",
                "blue": {"deployment": "ordering-blue"},
                "green": {"deployment": "ordering-green"},
                "services": [{"name": "ordering"}],
            }],
        },
        "status": {"phase": "Stable", "active": "blue", "observedGeneration": 1, "reason": "Switched", "message": "All is well."},
    })
}

fn deployment(colour: &str, replicas: u32) -> Value {
    let labels = json!({"app": "ordering", COLOUR_LABEL: colour});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": format!("ordering-{colour}"), "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{
                "name": "app", "image": "ordering:1.4",
                "ports": [{"name": "admin", "containerPort": 9090}],
                "readinessProbe": {"httpGet": {"port": "admin"}},
            }]},
        }},
        "status": {"replicas": replicas, "readyReplicas": replicas},
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "ordering", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "ordering", COLOUR_LABEL: "blue"}, "ports": [{"port": 80}]},
    })
}
