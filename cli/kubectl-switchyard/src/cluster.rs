//! The cluster, as a kubeconfig names it: reading, guarded writing, watching.

use std::{fmt::Debug, path::PathBuf, time::Duration};

use futures_util::future::try_join_all;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{apps::v1::Deployment, core::v1::Service, discovery::v1::EndpointSlice},
};
use kube::{
    Api, Client, Config, Resource,
    api::{ListParams, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use rollout::BlueGreen;
use serde::de::DeserializeOwned;

use crate::{
    failure::Failure,
    intent::{self, Object},
    picture::Objects,
};

/// The name under which is written.
pub(crate) const MANAGER: &str = "kubectl-switchyard";

/// Where the cluster is, as kubectl's own flags say.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Place {
    /// The namespace; without it the context's
    #[arg(short, long, global = true, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// The context of the kubeconfig; without it the current one
    #[arg(long, global = true, value_name = "CONTEXT")]
    context: Option<String>,

    /// The kubeconfig; without it KUBECONFIG, or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The label whose value is the colour, if the operator is told another
    #[arg(long, global = true, value_name = "LABEL", env = "SWITCHYARD_COLOR_LABEL", default_value = intent::COLOUR_LABEL)]
    color_label: String,
}

impl Place {
    /// Leads there; nothing is asked yet.
    ///
    /// # Errors
    /// The kubeconfig leads to no cluster.
    pub(crate) async fn connect(&self) -> Result<Cluster, Failure> {
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        let mut config = match &self.kubeconfig {
            Some(file) => Config::from_custom_kubeconfig(Kubeconfig::read_from(file)?, &options).await?,
            None => Config::from_kubeconfig(&options).await?,
        };
        config.connect_timeout = Some(Duration::from_secs(5));
        let namespace = self.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let builder = kube_connect::builder(config).map_err(Failure::of("reading the kubeconfig"))?;
        Ok(Cluster::new(builder.build(), namespace, self.color_label.clone()))
    }
}

/// One namespace of a cluster.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    namespace: String,
    label: String,
}

impl Cluster {
    /// This namespace; `label` is the label whose value is the colour.
    #[must_use]
    pub fn new(client: Client, namespace: impl Into<String>, label: impl Into<String>) -> Self {
        Self { client, namespace: namespace.into(), label: label.into() }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// One BlueGreen.
    pub(crate) async fn blue_green(&self, name: &str) -> Result<BlueGreen, Failure> {
        let doing = format!("reading BlueGreen `{name}` in namespace `{}`", self.namespace);
        self.api().get(name).await.map_err(Failure::of(doing))
    }

    /// All BlueGreens, of all namespaces if `everywhere`.
    pub(crate) async fn blue_greens(&self, everywhere: bool) -> Result<Vec<BlueGreen>, Failure> {
        let api = if everywhere { Api::all(self.client.clone()) } else { self.api() };
        let list = api.list(&ListParams::default()).await;
        Ok(list.map_err(Failure::of("listing BlueGreens"))?.items)
    }

    /// Everything of this kind in the namespace.
    pub(crate) async fn list<K>(&self) -> Result<Vec<K>, Failure>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
        K::DynamicType: Default,
    {
        let doing =
            format!("listing {} in namespace `{}`", K::plural(&K::DynamicType::default()), self.namespace);
        Ok(self.api().list(&ListParams::default()).await.map_err(Failure::of(doing))?.items)
    }

    /// The Deployments that a BlueGreen names, as far as they exist.
    pub(crate) async fn deployments(&self, of: &BlueGreen) -> Result<Vec<Deployment>, Failure> {
        let sides = of.spec.workloads.iter().flat_map(|workload| [&workload.blue, &workload.green]);
        self.those(sides.map(|side| side.deployment.as_str())).await
    }

    /// The Services that a BlueGreen switches, and its previews, as far as they exist.
    pub(crate) async fn services(&self, of: &BlueGreen) -> Result<Vec<Service>, Failure> {
        let routes =
            of.spec.workloads.iter().flat_map(|workload| &workload.services).map(|route| &route.name);
        let previews =
            of.spec.workloads.iter().filter_map(|workload| Some(&workload.preview.as_ref()?.service));
        self.those(routes.chain(previews).map(String::as_str)).await
    }

    /// The objects that a picture of a BlueGreen is made of.
    pub(crate) async fn objects(&self, of: &BlueGreen) -> Result<Objects, Failure> {
        let (deployments, services) = (self.deployments(of).await?, self.services(of).await?);
        Ok(Objects { deployments, services, slices: self.list::<EndpointSlice>().await? })
    }

    async fn those<'n, K>(&self, names: impl Iterator<Item = &'n str>) -> Result<Vec<K>, Failure>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
        K::DynamicType: Default,
    {
        let api = self.api::<K>();
        let kind = K::kind(&K::DynamicType::default()).into_owned();
        let one = async |name: &'n str| {
            api.get_opt(name).await.map_err(Failure::of(format!("reading {kind} `{name}`")))
        };
        Ok(try_join_all(names.map(one)).await?.into_iter().flatten().collect())
    }

    /// Writes one patch.
    pub(crate) async fn write(&self, patch: &intent::Patch) -> Result<(), Failure> {
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        let (body, doing) = (&patch.body, Failure::of(format!("writing {}", patch.object)));
        let written = match &patch.object {
            Object::BlueGreen(name) => {
                self.api::<BlueGreen>().patch(name, &params, &Patch::Merge(body)).await.map(drop)
            }
            Object::Deployment(name) => {
                self.api::<Deployment>().patch(name, &params, &Patch::Strategic(body)).await.map(drop)
            }
            Object::Service(name) => {
                self.api::<Service>().patch(name, &params, &Patch::Merge(body)).await.map(drop)
            }
        };
        written.map_err(doing)
    }
}
