//! A Deployment and its pods as a plan sees them.

use std::sync::Arc;

use kube::ResourceExt;
use rollout::{Colour, Object, Time, Workload, observed};

use super::{
    overlap::overlap,
    pods::{self, Fit},
    references::references,
    view::World,
};
use crate::resources::{
    Autoscaler, Deployment, Kept, MIN_REPLICAS, Owned, Pod, RAISED_REPLICAS, SEAL, Service,
};

/// A Deployment, everything that is known around it, and its pods.
pub(super) struct Side<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) workload: &'a Workload,
    pub(super) colour: Colour,
    pub(super) deployment: Arc<Deployment>,
    /// All Services of the namespace.
    pub(super) services: &'a [Arc<Service>],
    /// The previews of this BlueGreen.
    pub(super) previews: &'a [&'a str],
}

impl Side<'_> {
    /// As a plan sees it; and when the next pod becomes available, if it only has to stay as it is.
    pub(super) fn observe(&self) -> (observed::Deployment, Option<Time>) {
        let deployment = &*self.deployment;
        let (world, name) = (self.world, deployment.name_any());
        let own = self.pods();
        let (seen, wake) = self.look_at(&own);
        let object = Object::Deployment(name.clone());
        let seal = deployment.annotations().get(SEAL).and_then(|number| number.parse().ok());
        let side = observed::Deployment {
            version: deployment.resource_version().unwrap_or_default(),
            template: deployment.spec.template.hash.clone(),
            app: deployment.spec.template.labels.get("app.kubernetes.io/version").cloned(),
            images: deployment.spec.template.images.clone(),
            replicas: deployment.replicas(),
            max_unavailable: deployment.max_unavailable(),
            settled: deployment.is_settled(),
            seal: seal.unwrap_or(0),
            sealed: world.memory.is_sealed(world.namespace, &object),
            pods: seen,
            autoscaler: self.scalers().next().map(|scaler| autoscaler(&scaler)),
            references: self.references(&own),
            obstacle: self.obstacle(&name),
            refused: world.memory.refused(world.namespace, &object),
        };
        (side, wake)
    }

    /// These pods, of which each is said to be of the current template or not, as a plan sees them.
    pub(super) fn look_at(&self, own: &[(Arc<Pod>, bool)]) -> (Vec<observed::Pod>, Option<Time>) {
        let caches = self.world.caches;
        let named = self.workload.services.iter();
        let services: Vec<_> =
            named.filter_map(|route| caches.services.get(self.world.namespace, &route.name)).collect();
        // Of a side that serves already its preview shows the other one.
        let selects_it = |service: &Arc<Service>| {
            let colour = service.selector.get(self.world.color_label);
            colour.is_some_and(|colour| colour == self.colour.label())
        };
        let serves = !services.is_empty() && services.iter().all(selects_it);
        let preview = self.workload.preview.as_ref().filter(|_| !serves);
        let preview = preview.map(|preview| preview.service.as_str());
        let slices =
            preview.map(|name| caches.slices.grouped(self.world.namespace, name)).unwrap_or_default();
        let fit = Fit {
            colour: self.colour,
            label: self.world.color_label,
            services: &services,
            preview: preview.map(|name| (name, slices.as_slice())),
        };
        let mut wake: Option<Time> = None;
        let pods = own.iter().map(|(pod, current)| {
            let drained = (self.world.drained)(pod.metadata.uid.as_deref().unwrap_or_default());
            let min_ready = self.deployment.min_ready();
            let (seen, at) = pods::observe(pod, *current, min_ready, &fit, drained, self.world.now);
            wake = wake.into_iter().chain(at).min();
            seen
        });
        (pods.collect(), wake)
    }

    /// The Services that lead to it.
    pub(super) fn references(&self, own: &[(Arc<Pod>, bool)]) -> Vec<String> {
        let labels = own.iter().filter_map(|(pod, _)| pod.metadata.labels.as_ref());
        references(self.services, self.previews, labels.chain([&self.deployment.spec.template.labels]))
    }

    /// Whether a pod that its Deployment selects is its own, and then whether it is of its current template. One whose ReplicaSet is not
    /// known yet is taken for its own, and not for current.
    pub(super) fn owns(&self, pod: &Pod) -> Option<bool> {
        let owner = pod.controller().filter(|owner| owner.kind == "ReplicaSet" && !pod.ended)?;
        let Some(set) = self.world.caches.replica_sets.get(self.world.namespace, &owner.name) else {
            return Some(false);
        };
        let own = set.group() == Some(uid(&self.deployment));
        own.then(|| set.template() == self.deployment.spec.template.hash)
    }

    /// Its pods by its ReplicaSets, and whether they are of its current template. One that has ended is none any more.
    pub(super) fn pods(&self) -> Vec<(Arc<Pod>, bool)> {
        let caches = self.world.caches;
        let sets = caches.replica_sets.grouped(self.world.namespace, uid(&self.deployment));
        let mut own = vec![];
        for set in sets {
            let current = set.template() == self.deployment.spec.template.hash;
            let pods =
                caches.pods.grouped(self.world.namespace, set.metadata.uid.as_deref().unwrap_or_default());
            own.extend(pods.into_iter().filter(|pod| !pod.ended).map(|pod| (pod, current)));
        }
        own
    }

    fn scalers(&self) -> impl Iterator<Item = Arc<Autoscaler>> {
        self.world.caches.autoscalers.grouped(self.world.namespace, &self.deployment.name_any()).into_iter()
    }

    fn obstacle(&self, name: &str) -> Option<observed::DeploymentObstacle> {
        use observed::DeploymentObstacle::{Keda, Overlaps, OwnedBy};

        let world = self.world;
        let namers = world.index.of_deployment(world.namespace, name);
        if let Some(owner) = world.older(namers) {
            return Some(OwnedBy(owner));
        }
        let others = world.caches.deployments.all_in(world.namespace);
        let mut others = others.iter().filter(|other| other.name_any() != name);
        if let Some(other) = others.find(|other| overlap(&self.deployment, other)) {
            return Some(Overlaps(other.name_any()));
        }
        self.scalers().find_map(|scaler| scaler.scaled_object().map(|object| Keda(object.to_owned())))
    }
}

fn uid(deployment: &Deployment) -> &str {
    deployment.metadata.uid.as_deref().unwrap_or_default()
}

fn autoscaler(scaler: &Autoscaler) -> observed::Autoscaler {
    let noted = |key| scaler.annotations().get(key).and_then(|number| number.parse().ok());
    observed::Autoscaler {
        name: scaler.name_any(),
        version: scaler.resource_version().unwrap_or_default(),
        min: scaler.min(),
        max: scaler.max(),
        former: noted(MIN_REPLICAS),
        raised: noted(RAISED_REPLICAS),
    }
}
