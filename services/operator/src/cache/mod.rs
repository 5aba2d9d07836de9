//! What the API server has told: a store for each resource, kept in step by a watch.

mod silence;
mod store;
mod watch;

use std::{sync::Arc, time::Duration};

use kube::Client;
use tokio::task::JoinSet;

pub use self::{
    silence::Silence,
    store::{Changed, Store},
    watch::{Options, Watch},
};
use crate::resources::{Autoscaler, Declared, Deployment, EndpointSlice, Kept, Pod, ReplicaSet, Service};

/// A watch that has told nothing for so long is not trusted with a step forward.
pub const SILENT: Duration = Duration::from_secs(75);

/// A store for each resource that is read.
#[derive(Debug, Default)]
pub struct Caches {
    /// The BlueGreens.
    pub declared: Store<Declared>,
    /// The Deployments.
    pub deployments: Store<Deployment>,
    /// Their ReplicaSets.
    pub replica_sets: Store<ReplicaSet>,
    /// The pods.
    pub pods: Store<Pod>,
    /// The Services.
    pub services: Store<Service>,
    /// Their EndpointSlices.
    pub slices: Store<EndpointSlice>,
    /// The autoscalers.
    pub autoscalers: Store<Autoscaler>,
}

/// Something read of an object has changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// A BlueGreen.
    Declared(Changed<Declared>),
    /// A Deployment.
    Deployment(Changed<Deployment>),
    /// A ReplicaSet.
    ReplicaSet(Changed<ReplicaSet>),
    /// A pod.
    Pod(Changed<Pod>),
    /// A Service.
    Service(Changed<Service>),
    /// An EndpointSlice.
    Slice(Changed<EndpointSlice>),
    /// An autoscaler.
    Autoscaler(Changed<Autoscaler>),
}

impl Caches {
    /// Whether every store has been filled.
    #[must_use]
    pub fn are_filled(&self) -> bool {
        self.silences().iter().all(|(_, silence)| silence.was_ever_heard())
    }

    /// A resource whose watch has told nothing for [`SILENT`].
    #[must_use]
    pub fn silent(&self) -> Option<&'static str> {
        let mut silences = self.silences().into_iter();
        silences.find(|(_, silence)| silence.lasts() > SILENT).map(|(name, _)| name)
    }

    /// For how long each watch has told nothing, by resource.
    #[must_use]
    pub fn silences(&self) -> [(&'static str, &Silence); 7] {
        [
            ("bluegreens", self.declared.silence()),
            ("deployments", self.deployments.silence()),
            ("replicasets", self.replica_sets.silence()),
            ("pods", self.pods.silence()),
            ("services", self.services.silence()),
            ("endpointslices", self.slices.silence()),
            ("horizontalpodautoscalers", self.autoscalers.silence()),
        ]
    }

    /// Keeps every store in step, until the tasks are dropped. What changes is told.
    #[must_use]
    pub fn watch(self: &Arc<Self>, client: &Client, options: &Options, told: &Told) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        self.follow(&mut tasks, client, options, told, |caches| &caches.declared, Change::Declared);
        self.follow(&mut tasks, client, options, told, |caches| &caches.deployments, Change::Deployment);
        self.follow(&mut tasks, client, options, told, |caches| &caches.replica_sets, Change::ReplicaSet);
        self.follow(&mut tasks, client, options, told, |caches| &caches.pods, Change::Pod);
        self.follow(&mut tasks, client, options, told, |caches| &caches.services, Change::Service);
        self.follow(&mut tasks, client, options, told, |caches| &caches.slices, Change::Slice);
        self.follow(&mut tasks, client, options, told, |caches| &caches.autoscalers, Change::Autoscaler);
        tasks
    }

    fn follow<K: Kept>(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        client: &Client,
        options: &Options,
        told: &Told,
        store: fn(&Self) -> &Store<K>,
        change: fn(Changed<K>) -> Change,
    ) {
        let watch = Watch::new(client.clone(), options.clone());
        let (caches, told) = (Arc::clone(self), Arc::clone(told));
        tasks.spawn(async move { watch.run(store(&caches), |changed| told(change(changed))).await });
    }
}

/// Who is told of each change.
pub type Told = Arc<dyn Fn(Change) + Send + Sync>;
