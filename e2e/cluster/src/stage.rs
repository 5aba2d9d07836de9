//! A namespace in which one scenario happens.

use std::{fmt::Debug, fmt::Write, time::Duration};

use k8s_openapi::{NamespaceResourceScope, api::core::v1::Namespace};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, PostParams},
};
use load::Rates;
use rollout::Colour;
use serde_json::{Value, json};

use crate::{Cluster, Failure, Release, Shape, Traffic, cluster::LABEL, rights};

/// A namespace of its own.
#[derive(Clone)]
pub struct Stage {
    cluster: Cluster,
    namespace: String,
}

impl Stage {
    /// Makes one, whose name begins so.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn open(cluster: &Cluster, name: &str) -> Result<Self, Failure> {
        let short: String = name.chars().take(40).map(|c| if c == '_' { '-' } else { c }).collect();
        let namespace: Namespace = serde_json::from_value(json!({
            "metadata": {"generateName": format!("e2e-{}-", short.trim_end_matches('-')), "labels": {LABEL: "true"}},
        }))?;
        let made = Api::all(cluster.client()).create(&PostParams::default(), &namespace).await?;
        let stage = Self { cluster: cluster.clone(), namespace: made.name_any() };
        stage.allow().await?;
        Ok(stage)
    }

    /// Lets the operator act here.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn allow(&self) -> Result<(), Failure> {
        self.put(&["apply"], &rights::bindings()).await
    }

    /// Lets the operator only look here, and tell what it sees.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn forbid(&self) -> Result<(), Failure> {
        self.kubectl(&["delete", "rolebinding", rights::BINDING]).await.map(drop)
    }

    /// Deletes it, without waiting for the end of that.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn close(self) -> Result<(), Failure> {
        let api: Api<Namespace> = Api::all(self.cluster.client());
        api.delete(&self.namespace, &DeleteParams::default().grace_period(0)).await?;
        Ok(())
    }

    /// The cluster that it is in.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Its name.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// All objects of a kind in it.
    #[must_use]
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.cluster.client(), &self.namespace)
    }

    /// What `kubectl` writes, given these words, of this namespace.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn kubectl(&self, words: &[&str]) -> Result<String, Failure> {
        self.cluster.kubectl(&[&["-n", &self.namespace], words].concat()).await
    }

    /// `kubectl apply`, or `create` or `replace`, of these.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn put(&self, verb: &[&str], manifests: &[Value]) -> Result<(), Failure> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests}).to_string();
        let words = [&["-n", &self.namespace], verb, &["-f", "-"]].concat();
        self.cluster.kubectl_with(&words, &list).await?;
        Ok(())
    }

    /// Applies what a release is made of but its gates, blue at its size and green at none, and gives a handle to it.
    ///
    /// # Errors
    /// The cluster refuses.
    async fn apply(&self, shape: Shape) -> Result<Release, Failure> {
        self.put(&["apply"], &shape.manifests()).await?;
        for (colour, replicas) in [(Colour::Green, 0), (Colour::Blue, shape.replicas)] {
            let sides = shape.names().into_iter().map(|name| format!("deployment/{name}-{colour}"));
            let words: Vec<_> = ["scale".to_owned()].into_iter().chain(sides).collect();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            self.kubectl(&[&words, [format!("--replicas={replicas}").as_str()].as_slice()].concat()).await?;
        }
        self.put(&["apply"], &[shape.without_gates()]).await?;
        Ok(Release::new(self.clone(), shape))
    }

    /// Applies many at once, each side with the one pod that a Deployment has unless told otherwise.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn releases(&self, shapes: Vec<Shape>) -> Result<Vec<Release>, Failure> {
        let all = shapes.iter().flat_map(|shape| {
            let mut manifests = shape.manifests();
            manifests.push(shape.blue_green());
            manifests
        });
        self.put(&["apply"], &all.collect::<Vec<_>>()).await?;
        Ok(shapes.into_iter().map(|shape| Release::new(self.clone(), shape)).collect())
    }

    /// A handle to a BlueGreen that is there already, of one workload with the same name.
    #[must_use]
    pub fn handle(&self, name: &str) -> Release {
        Release::new(self.clone(), Shape::new(name))
    }

    /// Applies what a release is made of, waits until blue serves, and declares the gates.
    ///
    /// # Errors
    /// The cluster refuses, or blue does not come to serve.
    pub async fn release(&self, shape: Shape) -> Result<Release, Failure> {
        let release = self.apply(shape).await?;
        release.settles(Colour::Blue).await?;
        self.put(&["apply"], &[release.shape().blue_green()]).await?;
        Ok(release)
    }

    /// Begins a load on every Service of these releases.
    ///
    /// # Errors
    /// It does not begin.
    pub async fn load(&self, releases: &[&Release], rates: Rates) -> Result<Traffic, Failure> {
        let services = releases.iter().flat_map(|release| release.shape().names()).collect::<Vec<_>>();
        Traffic::begin(self, &services, rates).await
    }

    /// All that helps to see why something is not as it should be.
    pub async fn portrait(&self) -> String {
        let mut text = String::new();
        let questions: [&[&str]; 3] = [
            &[
                "get",
                "bluegreens",
                "-o",
                "jsonpath={range .items[*]}{.metadata.name}{\": \"}{.spec}{\"\\n\"}{.status}{\"\\n\"}{end}",
            ],
            &["get", "deployments,services,endpointslices,pods", "-o", "wide"],
            &["get", "events", "--sort-by=.lastTimestamp"],
        ];
        for question in questions {
            let answer = self.kubectl(question).await.unwrap_or_else(|failure| failure.to_string());
            let _ = writeln!(text, "{answer}"); // writing to a string cannot fail
        }
        text
    }
}

/// How long a scenario waits for something that takes seconds on a machine that is not busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What is there of an object, for a message.
pub(crate) fn told<T: Debug>(of: Option<T>) -> String {
    of.map_or_else(|| "nothing".to_owned(), |object| format!("{object:?}"))
}
