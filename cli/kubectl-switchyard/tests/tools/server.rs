//! An API server that holds a handful of objects: get, list, guarded patches, watches that tell what an operator would write.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use kube::client::Body;
use kubectl_switchyard::{Cluster, intent::COLOUR_LABEL};
use serde_json::{Value, json};

/// Where BlueGreens are.
pub(crate) const SHOP: &str = "/apis/switchyard.dev/v1alpha1/namespaces/default/bluegreens/shop";

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const SERVICES: &str = "/api/v1/namespaces/default/services";

/// The server; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Server(Arc<Mutex<World>>);

/// What it holds, and what happens to it.
#[derive(Default)]
pub(crate) struct World {
    /// The objects by path.
    pub(crate) objects: BTreeMap<String, Value>,
    /// The patches that were accepted, by path.
    pub(crate) written: Vec<(String, Value)>,
    /// So many patches find that somebody else was faster.
    pub(crate) conflicts: usize,
    /// How the shop changes next, each told by a watch.
    pub(crate) next: VecDeque<Value>,
    /// What is not permitted: verb and resource.
    pub(crate) denied: Vec<(&'static str, &'static str)>,
}

impl Server {
    /// A shop that blue serves, with a Deployment a side, one Service, and a gate that waits for a person.
    pub(crate) fn with_a_shop() -> Self {
        let server = Self::default();
        let gates = json!({"before": [{"name": "sign-off", "approval": {}}]});
        server.put(SHOP, json!({
            "apiVersion": "switchyard.dev/v1alpha1",
            "kind": "BlueGreen",
            "metadata": {"name": "shop", "namespace": "default", "uid": "u1", "generation": 1},
            "spec": {"active": "blue", "gates": gates, "drain": {"port": "admin"}, "workloads": [{
                "name": "ordering",
                "blue": {"deployment": "ordering-blue"},
                "green": {"deployment": "ordering-green"},
                "services": [{"name": "ordering"}],
            }]},
            "status": {"phase": "Stable", "active": "blue", "observedGeneration": 1, "reason": "Switched", "message": "All is well."},
        }));
        for (colour, replicas) in [("blue", 2), ("green", 0)] {
            let labels = json!({"app": "ordering", COLOUR_LABEL: colour});
            server.put(
                &format!("{DEPLOYMENTS}/ordering-{colour}"),
                json!({
                    "metadata": {"name": format!("ordering-{colour}")},
                    "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
                        "metadata": {"labels": labels},
                        "spec": {"containers": [{
                            "name": "app", "image": "ordering:1.4",
                            "ports": [{"name": "admin", "containerPort": 9090}],
                            "readinessProbe": {"httpGet": {"port": "admin"}},
                        }]},
                    }},
                    "status": {"replicas": replicas, "readyReplicas": replicas},
                }),
            );
        }
        let selector = json!({"app": "ordering", COLOUR_LABEL: "blue"});
        server.put(
            &format!("{SERVICES}/ordering"),
            json!({"metadata": {"name": "ordering"}, "spec": {"selector": selector}}),
        );
        server
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    fn put(&self, path: &str, mut object: Value) {
        object["metadata"]["resourceVersion"] = json!("1");
        self.world().objects.insert(path.to_owned(), object);
    }

    /// Changes the shop's status, as an operator would.
    pub(crate) fn told(&self, status: Value) {
        self.world().tell(&json!({ "status": status }));
    }

    /// The namespace, as the plugin reaches it.
    pub(crate) fn cluster(&self) -> Cluster {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        Cluster::new(kube::Client::new(service, "default"), "default", COLOUR_LABEL)
    }

    async fn answer(&self, request: Request<Body>) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default());
        let watches = query.contains("watch=true");
        let mut world = self.world();
        let (code, text) = match head.method {
            Method::PATCH => world.patch(&path, &sent),
            Method::POST => world.review(&sent),
            _ if watches && path.ends_with("bluegreens") => (200, world.watch()),
            _ if watches => (200, String::new()),
            _ => world.get(&path),
        };
        let body = stream::iter([Ok(http_body::Frame::data(Bytes::from(text)))]);
        // A watch stays open.
        let body = if watches { body.chain(stream::pending()).boxed() } else { body.boxed() };
        Response::builder().status(code).body(StreamBody::new(body).boxed_unsync()).unwrap()
    }
}

impl World {
    fn get(&self, path: &str) -> (u16, String) {
        if let Some(object) = self.objects.get(path) {
            return (200, object.to_string());
        }
        let kind = path.rsplit('/').next().unwrap();
        if !kind.ends_with('s') {
            return refusal(404, format!("{kind:?} not found"));
        }
        let under = format!("{path}/");
        let items: Vec<_> =
            self.objects.iter().filter(|(at, _)| at.starts_with(&under)).map(|(_, one)| one).collect();
        (200, json!({"metadata": {"resourceVersion": "1"}, "items": items}).to_string())
    }

    fn patch(&mut self, path: &str, sent: &Value) -> (u16, String) {
        let Some(object) = self.objects.get_mut(path) else {
            return refusal(404, format!("{path} not found"));
        };
        if self.conflicts > 0 {
            self.conflicts -= 1;
            touch(object);
        }
        if sent["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
            return refusal(409, "the object has been modified".into());
        }
        let before = object["spec"].clone();
        merge(object, sent);
        touch(object);
        if path == SHOP && object["spec"] != before {
            object["metadata"]["generation"] = json!(object["metadata"]["generation"].as_i64().unwrap() + 1);
        }
        self.written.push((path.to_owned(), sent.clone()));
        (200, object.to_string())
    }

    /// One event for each change.
    fn watch(&mut self) -> String {
        let mut events = String::new();
        while let Some(change) = self.next.pop_front() {
            self.tell(&change);
            let event = json!({"type": "MODIFIED", "object": self.objects[SHOP]});
            events.push_str(&format!("{event}\n"));
        }
        events
    }

    fn tell(&mut self, change: &Value) {
        let shop = self.objects.get_mut(SHOP).unwrap();
        let generation = shop["metadata"]["generation"].clone();
        merge(shop, change);
        shop["status"]["observedGeneration"] = generation;
        touch(shop);
    }

    fn review(&self, sent: &Value) -> (u16, String) {
        let asked = &sent["spec"]["resourceAttributes"];
        let denied = self
            .denied
            .iter()
            .any(|(verb, resource)| asked["verb"] == *verb && asked["resource"] == *resource);
        (201, json!({"metadata": {}, "spec": sent["spec"], "status": {"allowed": !denied}}).to_string())
    }
}

fn touch(object: &mut Value) {
    let version: u64 = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
    object["metadata"]["resourceVersion"] = json!((version + 1).to_string());
}

fn refusal(code: u16, message: String) -> (u16, String) {
    (
        code,
        json!({"kind": "Status", "status": "Failure", "code": code, "reason": "", "message": message})
            .to_string(),
    )
}

/// A merge patch (RFC 7386); lists of named things are merged by their names, as a strategic one does with containers.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (name, value) in patch {
                if value.is_null() {
                    into.remove(name);
                } else {
                    merge(into.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Array(into), Value::Array(patch)) if patch.iter().all(|one| one["name"].is_string()) => {
            for one in patch {
                match into.iter_mut().find(|known| known["name"] == one["name"]) {
                    Some(known) => merge(known, one),
                    None => into.push(one.clone()),
                }
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}
