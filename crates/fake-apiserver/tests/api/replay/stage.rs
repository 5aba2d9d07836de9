//! The fake server and the real one.

use std::{process, time::Duration};

use fake_apiserver::{Resource, Server, controllers::Controllers};
use k8s_openapi::{
    api::core::v1::{Namespace, ServiceAccount},
    jiff::Timestamp,
};
use kube::{
    Api, Client, Config,
    api::{DeleteParams, PostParams},
};
use serde_json::json;

use super::play::Stage;

/// The fake server, on which something has happened before, and is forgotten.
pub(super) struct Fake {
    server: Server,
    controllers: Controllers,
}

impl Fake {
    pub(super) fn new() -> Self {
        let blue_greens = Resource::custom("switchyard.dev", "v1alpha1", "BlueGreen", "bluegreens");
        let server = Server::starting_at(Timestamp::UNIX_EPOCH).with(blue_greens);
        let other =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "other"}});
        server.create("test", other).unwrap();
        server.compact();
        let controllers = Controllers::new(&server);
        Self { server, controllers }
    }
}

impl Stage for Fake {
    fn client(&self) -> Client {
        self.server.client("fake-replay")
    }

    fn namespace(&self) -> &str {
        "fake-replay"
    }

    fn follow(&self) {
        self.controllers.settle();
    }
}

/// The server that `KUBECONFIG` names, and a namespace on it that goes again.
pub(super) struct Real {
    client: Client,
    namespace: String,
}

impl Real {
    pub(super) async fn new(transcript: &str) -> Self {
        let mut config = Config::infer().await.unwrap();
        config.default_retry = false;
        let client = Client::try_from(config).unwrap();
        let namespace = format!("replay-{transcript}-{}", process::id());
        let object: Namespace = serde_json::from_value(json!({"metadata": {"name": namespace}})).unwrap();
        Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &object).await.unwrap();
        // Without it no pod can be made there.
        let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &namespace);
        while accounts.get_opt("default").await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self { client, namespace }
    }

    pub(super) async fn leave(self) {
        let namespaces: Api<Namespace> = Api::all(self.client);
        namespaces.delete(&self.namespace, &DeleteParams::default()).await.unwrap();
    }
}

impl Stage for Real {
    fn client(&self) -> Client {
        self.client.clone()
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }
}
