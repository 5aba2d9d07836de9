//! Any cluster that `KUBECONFIG` names.

use std::{path::PathBuf, process::Stdio, time::Duration};

use k8s_openapi::api::core::v1::{Namespace, Node};
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, ListParams},
};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{Failure, programs::run};

/// What all that is made here is labelled with.
pub(crate) const LABEL: &str = "switchyard.dev/e2e";

/// A cluster, to which `kubectl` goes too.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Client,
}

impl Cluster {
    /// Connects, and puts the resource's definition there.
    ///
    /// # Errors
    /// There is no cluster, or it refuses.
    pub async fn connect() -> Result<Self, Failure> {
        let cluster = Self { client: kube_connect::builder(Config::infer().await?)?.build() };
        let definition = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../charts/operator/crds")
            .display()
            .to_string();
        cluster.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &definition]).await?;
        let established = ["wait", "--for=condition=Established", "crd/bluegreens.switchyard.dev"];
        cluster.kubectl(&established).await?;
        Ok(cluster)
    }

    /// The client of a person who may do all.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// What `kubectl` writes, given these words.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn kubectl(&self, words: &[&str]) -> Result<String, Failure> {
        run(Command::new("kubectl").args(words)).await
    }

    /// The same with something on its standard input.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn kubectl_with(&self, words: &[&str], input: &str) -> Result<String, Failure> {
        let mut child = Command::new("kubectl")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr).into()) }
    }

    /// Deletes every namespace, node and right that was made here, by this run or an earlier one, and waits until they are gone.
    ///
    /// # Errors
    /// The cluster refuses, or they are not gone after two minutes.
    pub async fn clean(&self) -> Result<(), Failure> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        for namespace in api.list(&ListParams::default().labels(LABEL)).await? {
            api.delete(&namespace.name_any(), &DeleteParams::default()).await?;
        }
        self.kubectl(&["delete", "clusterroles,clusterrolebindings", "-l", LABEL]).await?;
        let nodes: Api<Node> = Api::all(self.client.clone());
        for node in nodes.list(&ListParams::default().labels(LABEL)).await? {
            nodes.delete(&node.name_any(), &DeleteParams::default()).await?;
        }
        until("the namespaces are gone", Duration::from_secs(120), async || {
            Ok(api.list(&ListParams::default().labels(LABEL)).await?.items.is_empty())
        })
        .await
    }
}

/// Asks ten times a second until it is so.
pub(crate) async fn until(
    what: &str,
    within: Duration,
    mut is_so: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let asking = async {
        while !is_so().await? {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    };
    tokio::time::timeout(within, asking).await.map_err(|_| format!("after {within:?} not: {what}"))?
}
