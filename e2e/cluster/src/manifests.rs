//! What a user would write: Deployments of both colours, Services without the colour key, and a BlueGreen.

use std::collections::BTreeMap;

use rollout::Colour;
use serde_json::{Value, json};

use crate::{fakes::node_of, programs::DEMO};

/// A release as it is to be made.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The BlueGreen's name.
    pub name: String,
    /// How many workloads, with a Service each.
    pub workloads: usize,
    /// Pods of the side that serves.
    pub replicas: u32,
    /// Merged over the BlueGreen's `spec`.
    pub spec: Value,
    /// The faults of a side, as the demo takes them.
    pub faults: BTreeMap<Colour, Value>,
    /// The node on which its pods only seem to be.
    pub node: Option<String>,
}

impl Shape {
    /// One workload of two pods.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let faults = BTreeMap::new();
        Self { name: name.to_owned(), workloads: 1, replicas: 2, spec: json!({}), faults, node: None }
    }

    /// With so many workloads.
    #[must_use]
    pub fn workloads(self, workloads: usize) -> Self {
        Self { workloads, ..self }
    }

    /// With so many pods on the serving side.
    #[must_use]
    pub fn replicas(self, replicas: u32) -> Self {
        Self { replicas, ..self }
    }

    /// With pods that are none, of [`Fakes`](crate::Fakes) in this namespace.
    #[must_use]
    pub fn fake(self, namespace: &str) -> Self {
        Self { node: Some(node_of(namespace)), ..self }
    }

    /// With this merged over the BlueGreen's `spec`.
    #[must_use]
    pub fn spec(self, spec: Value) -> Self {
        Self { spec, ..self }
    }

    /// With a side that does not work.
    #[must_use]
    pub fn faults(mut self, colour: Colour, faults: Value) -> Self {
        self.faults.insert(colour, faults);
        self
    }

    /// The names of its workloads, which are its Services' too.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self.workloads {
            1 => vec![self.name.clone()],
            many => (1..=many).map(|number| format!("{}-{number}", self.name)).collect(),
        }
    }

    /// Deployments and Services, for `kubectl apply`: without `replicas` and without the colour key, so that applying them again leaves
    /// both alone.
    #[must_use]
    pub fn manifests(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for workload in self.names() {
            all.extend(Colour::BOTH.map(|colour| self.deployment(&workload, colour)));
            all.push(service(&workload));
        }
        all
    }

    /// The BlueGreen, for `kubectl apply`.
    #[must_use]
    pub fn blue_green(&self) -> Value {
        let workloads: Vec<_> = self.names().iter().map(|name| workload(name)).collect();
        let mut spec = json!({
            "active": "blue",
            "workloads": workloads,
            "progressDeadline": "2m",
            "drain": {"min": "5s", "max": "8s", "port": "admin"},
        });
        merge(&mut spec, &self.spec);
        json!({
            "apiVersion": "switchyard.dev/v1alpha1",
            "kind": "BlueGreen",
            "metadata": {"name": self.name},
            "spec": spec,
        })
    }

    /// The same without gates: what takes the Services over for the first time has nothing to pass.
    #[must_use]
    pub(crate) fn without_gates(&self) -> Value {
        let mut ungated = self.blue_green();
        merge(&mut ungated, &json!({"spec": {"gates": null}}));
        ungated
    }

    fn deployment(&self, workload: &str, colour: Colour) -> Value {
        let labels = json!({"app": workload, "switchyard.dev/color": colour});
        let faults = self.faults.get(&colour).map_or_else(|| "{}".to_owned(), Value::to_string);
        let mut template = labels.clone();
        merge(&mut template, &json!({"app.kubernetes.io/version": "1"}));
        let mut deployment = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": format!("{workload}-{colour}")},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": template},
                    "spec": {
                        "terminationGracePeriodSeconds": 40,
                        "enableServiceLinks": false,
                        "containers": [container(&format!("{colour}-1"), colour, &faults)],
                    },
                },
            },
        });
        if let Some(node) = &self.node {
            let pod = json!({"nodeName": node, "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}]});
            merge(&mut deployment, &json!({"spec": {"template": {"spec": pod}}}));
        }
        deployment
    }
}

fn workload(name: &str) -> Value {
    json!({
        "name": name,
        "blue": {"deployment": format!("{name}-blue")},
        "green": {"deployment": format!("{name}-green")},
        "services": [{"name": name}],
    })
}

fn container(version: &str, colour: Colour, faults: &str) -> Value {
    json!({
        "name": "demo",
        "image": DEMO,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "LISTEN", "value": "0.0.0.0:8080"},
            {"name": "ADMIN_LISTEN", "value": "0.0.0.0:8081"},
            {"name": "VERSION", "value": version},
            {"name": "COLOR", "value": colour},
            {"name": "FAULTS", "value": faults},
        ],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 8081}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "admin"}, "periodSeconds": 1, "failureThreshold": 1},
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}},
    })
}

fn service(workload: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": workload, "annotations": {"switchyard.dev/adopt": "true"}},
        "spec": {"selector": {"app": workload}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    })
}

/// A JSON merge patch, RFC 7396.
pub(crate) fn merge(into: &mut Value, patch: &Value) {
    let (Value::Object(into), Value::Object(patch)) = (&mut *into, patch) else {
        into.clone_from(patch);
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            into.remove(key);
        } else {
            merge(into.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_two_deployments_and_a_service_for_each_workload() {
        let kinds = Shape::new("shop").workloads(2).manifests();
        let kinds: Vec<_> = kinds.iter().map(|manifest| manifest["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Deployment", "Deployment", "Service"].repeat(2));
    }

    #[test]
    fn what_is_written_is_what_the_resource_takes() {
        let shape = Shape::new("shop").spec(json!({"drain": {"max": "9s"}, "idle": {"after": "0s"}}));
        let release: rollout::BlueGreen = serde_json::from_value(shape.blue_green()).unwrap();
        assert_eq!(release.spec.drain.max, rollout::Span::secs(9));
        assert_eq!(release.spec.drain.min, rollout::Span::secs(5));
        assert_eq!(release.spec.workloads.len(), 1);
    }
}
