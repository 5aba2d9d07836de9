//! The same on a real API server, in a namespace of its own, if KUBECONFIG names one. No operator may look after it: what an
//! operator says is written by the tests.

use std::{env, fmt::Debug, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::Deployment,
        core::v1::{Namespace, Service},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, CustomResourceExt, Resource, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use kubectl_switchyard::{
    Cluster,
    intent::{COLOUR_LABEL, wish::promote},
};
use rollout::BlueGreen;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::terminal::{typed, watched};

/// How long the API server may take for all of a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace of a test's own.
struct Place {
    client: Client,
    name: String,
}

impl Place {
    fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    fn cluster(&self) -> Cluster {
        Cluster::new(self.client.clone(), &self.name, COLOUR_LABEL)
    }

    async fn create<K>(&self, object: Value) -> K
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize,
        K::DynamicType: Default,
    {
        let object: K = serde_json::from_value(object).unwrap();
        self.api().create(&PostParams::default(), &object).await.unwrap()
    }

    /// What an operator would say of the shop as it is.
    async fn told(&self, mut status: Value) -> BlueGreen {
        let api = self.api::<BlueGreen>();
        status["observedGeneration"] = json!(api.get("shop").await.unwrap().metadata.generation);
        let patch = Patch::Merge(json!({ "status": status }));
        api.patch_status("shop", &PatchParams::default(), &patch).await.unwrap()
    }

    /// A shop that blue serves, without any pods.
    async fn open_shop(&self, colour: Option<&str>) {
        for side in ["blue", "green"] {
            let labels = json!({"app": "ordering", COLOUR_LABEL: side});
            let containers =
                json!([{"name": "app", "image": "ordering:1.4"}, {"name": "proxy", "image": "proxy:1"}]);
            self.create::<Deployment>(json!({
                "metadata": {"name": format!("ordering-{side}")},
                "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
                    "metadata": {"labels": labels}, "spec": {"containers": containers},
                }},
            }))
            .await;
        }
        let mut selector = json!({"app": "ordering"});
        colour.inspect(|colour| selector[COLOUR_LABEL] = json!(colour));
        let ports = json!([{"port": 80}]);
        self.create::<Service>(
            json!({"metadata": {"name": "ordering"}, "spec": {"selector": selector, "ports": ports}}),
        )
        .await;
        self.create::<BlueGreen>(json!({
            "apiVersion": "switchyard.dev/v1alpha1",
            "kind": "BlueGreen",
            "metadata": {"name": "shop"},
            "spec": {"active": "blue", "gates": {"before": [{"name": "sign-off", "approval": {}}]}, "workloads": [{
                "name": "ordering",
                "blue": {"deployment": "ordering-blue"},
                "green": {"deployment": "ordering-green", "version": "1.4"},
                "services": [{"name": "ordering"}],
            }]},
        }))
        .await;
        let said =
            json!({"phase": "Stable", "active": "blue", "reason": "Switched", "message": "All is well."});
        self.told(said).await;
    }
}

/// Runs a test in a namespace of its own, and removes that whatever comes of it.
#[expect(clippy::print_stderr, reason = "what is skipped is told loudly")]
async fn in_a_namespace(test: &str, run: impl AsyncFnOnce(&Place)) {
    if env::var_os("KUBECONFIG").is_none() {
        eprintln!("SKIPPED {test}: KUBECONFIG names no cluster");
        return;
    }
    let client = Client::try_default().await.unwrap();
    let definitions = Api::<CustomResourceDefinition>::all(client.clone());
    if definitions.get_opt(BlueGreen::crd_name()).await.unwrap().is_none() {
        definitions.create(&PostParams::default(), &BlueGreen::crd()).await.unwrap();
    }
    let namespaces = Api::<Namespace>::all(client.clone());
    let namespace = json!({"metadata": {"generateName": format!("plugin-{test}-")}});
    let namespace: Namespace = serde_json::from_value(namespace).unwrap();
    let name = namespaces.create(&PostParams::default(), &namespace).await.unwrap().name_any();
    let place = Place { client, name };
    let ended = AssertUnwindSafe(timeout(PATIENCE, run(&place))).catch_unwind().await;
    namespaces.delete(&place.name, &DeleteParams::default()).await.unwrap();
    match ended {
        Ok(in_time) => in_time.expect("the API server answers in time"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[tokio::test]
async fn a_release_changes_what_it_names_and_nothing_else() {
    in_a_namespace("release", async |place| {
        place.open_shop(Some("blue")).await;
        let words = "release shop app=ordering:1.5 --app-version 1.5";
        typed(&place.cluster(), words).await.with(0);
        let green =
            serde_json::to_value(place.api::<Deployment>().get("ordering-green").await.unwrap()).unwrap();
        let template = &green["spec"]["template"];
        let images: Vec<_> =
            template["spec"]["containers"].as_array().unwrap().iter().map(|one| &one["image"]).collect();
        assert_eq!(images, ["ordering:1.5", "proxy:1"]);
        assert_eq!(template["metadata"]["labels"]["app.kubernetes.io/version"], "1.5");
        let shop = place.api::<BlueGreen>().get("shop").await.unwrap();
        assert_eq!(
            (shop.spec.active.label(), shop.spec.workloads[0].green.version.as_deref()),
            ("green", Some("1.5"))
        );
        let managers = shop.managed_fields().iter().filter_map(|entry| entry.manager.as_deref());
        assert!(managers.into_iter().any(|name| name == "kubectl-switchyard"));
        // It is told so already, and the operator has not seen it.
        let again = typed(&place.cluster(), words).await.with(3);
        assert!(again.err.contains("the operator has not yet looked at generation 2"), "{}", again.err);
    })
    .await;
}

#[tokio::test]
async fn a_write_decided_from_an_older_version_is_refused_by_the_server() {
    in_a_namespace("guard", async |place| {
        place.open_shop(Some("blue")).await;
        let api = place.api::<BlueGreen>();
        let patch = promote(&api.get("shop").await.unwrap(), None).unwrap().remove(0);
        place.told(json!({"message": "Something else."})).await;
        let refused =
            api.patch("shop", &PatchParams::default(), &Patch::Merge(&patch.body)).await.unwrap_err();
        assert!(matches!(&refused, kube::Error::Api(status) if status.code == 409), "{refused}");
        // The verb reads again.
        typed(&place.cluster(), "promote shop").await.with(0);
        assert_eq!(api.get("shop").await.unwrap().spec.active.label(), "green");
    })
    .await;
}

#[tokio::test]
async fn approvals_and_adoption_are_annotations() {
    in_a_namespace("annotations", async |place| {
        place.open_shop(None).await;
        place.told(json!({"phase": "Gating", "to": "green", "release": "3f9c", "active": null})).await;
        typed(&place.cluster(), "approve shop sign-off").await.with(0);
        let shop = place.api::<BlueGreen>().get("shop").await.unwrap();
        assert_eq!(shop.annotations()["approve.switchyard.dev/sign-off"], "3f9c");
        assert_eq!(shop.metadata.generation, Some(1), "an approval is no wish");
        let checked = typed(&place.cluster(), "check shop --operator").await.with(3);
        assert!(checked.out.starts_with("rights: nothing is in the way\n"), "{}", checked.out);
        assert!(checked.out.contains("✗ Service ordering: its selector has no colour"), "{}", checked.out);
        typed(&place.cluster(), "adopt shop").await.with(0);
        let service = place.api::<Service>().get("ordering").await.unwrap();
        assert_eq!(service.annotations()["switchyard.dev/adopt"], "true");
        let checked = typed(&place.cluster(), "check shop").await.with(0);
        assert!(checked.out.ends_with("shop: nothing is in the way, 3 could be better\n"), "{}", checked.out);
    })
    .await;
}

#[tokio::test]
async fn a_watch_follows_the_objects_and_a_wait_ends_with_the_release() {
    let test = in_a_namespace("watch", async |place| {
        place.open_shop(Some("blue")).await;
        let cluster = place.cluster();
        let watching = watched(&cluster, "status shop -w", "phase=Preparing");
        let waiting = typed(&cluster, "promote shop --wait");
        let operating = async {
            watched(&cluster, "status shop -w", "wanted=green phase=Unseen").await;
            place.told(json!({"phase": "Preparing", "to": "green"})).await;
            watched(&cluster, "status shop -w", "phase=Preparing").await;
            place.told(json!({"phase": "Held", "heldIn": "Preparing", "reason": "PodsUnready", "message": "no pods"})).await;
        };
        let (lines, ended, ()) = tokio::join!(watching, waiting, operating);
        assert!(lines.lines().any(|line| line.contains("wanted=green phase=Preparing")), "{lines}");
        let ended = ended.with(4);
        assert!(ended.err.contains("shop is Held: no pods"), "{}", ended.err);
    });
    Box::pin(test).await;
}
