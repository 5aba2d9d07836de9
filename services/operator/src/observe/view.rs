//! Everything that a plan looks at, of one BlueGreen.

use std::{collections::BTreeMap, sync::Arc};

use kube::ResourceExt;
use rollout::{Colour, Object, Observed, Time, Workload, observed};

use super::{mark::RawMark, route, side::Side};
use crate::{
    cache::Caches,
    index::{self, Index},
    key::Key,
    resources::{APPROVE, Declared, Deployment, Pod, Service},
};

/// What a leader remembers of its own writes.
pub trait Memory: Send + Sync {
    /// Whether it has changed or sealed the object, since it leads and since its last write of unknown result.
    fn is_sealed(&self, namespace: &str, object: &Object) -> bool;

    /// What the API server said when the object was written last, if it refused.
    fn refused(&self, namespace: &str, object: &Object) -> Option<String>;

    /// Whether no BlueGreen with that uid exists any more, by a quorum read.
    fn is_nobody(&self, uid: &str) -> bool;
}

/// What is looked at.
pub struct World<'a> {
    /// What the API server has told.
    pub caches: &'a Caches,
    /// Which BlueGreens name what.
    pub index: &'a Index,
    /// What the leader remembers.
    pub memory: &'a dyn Memory,
    /// The label that says of which colour a pod is.
    pub color_label: &'a str,
    /// The namespace of the BlueGreen.
    pub namespace: &'a str,
    /// The BlueGreen.
    pub declared: &'a Declared,
    /// Whether a pod, by its uid, has nothing open any more.
    pub drained: &'a (dyn Fn(&str) -> bool + Sync),
    /// What the gates have answered.
    pub gates: &'a BTreeMap<String, observed::Answers>,
    /// What time it is.
    pub now: Time,
}

/// What a plan looks at, and when that changes by itself.
#[derive(Debug)]
pub struct View {
    /// What a plan looks at.
    pub seen: Observed,
    /// When a pod becomes available that only has to stay as it is.
    pub wake: Option<Time>,
}

impl World<'_> {
    /// Looks.
    #[must_use]
    pub fn view(&self) -> View {
        let (workloads, previews) = (self.workloads(), self.previews());
        let services = self.caches.services.all_in(self.namespace);
        let mut wake: Option<Time> = None;
        let workloads = workloads.iter().map(|workload| {
            let mut side = |colour| {
                let name = deployment(workload, colour);
                let deployment = self.caches.deployments.get(self.namespace, name)?;
                let (world, services, previews) = (self, services.as_slice(), previews.as_slice());
                let (side, at) = Side { world, workload, colour, deployment, services, previews }.observe();
                wake = wake.into_iter().chain(at).min();
                Some(side)
            };
            let (blue, green) = (side(Colour::Blue), side(Colour::Green));
            let routes = self.routes(workload, blue.as_ref(), green.as_ref());
            let preview = workload.preview.as_ref().map(|preview| preview.service.as_str());
            let preview = preview.and_then(|name| self.caches.services.get(self.namespace, name));
            let preview = preview.map(|service| route::observe(self, &service, &BTreeMap::new()));
            (workload.name.clone(), observed::Workload { blue, green, routes, preview })
        });
        let workloads = workloads.collect();
        let seen = Observed {
            uid: self.declared.uid().to_owned(),
            generation: self.declared.metadata.generation.unwrap_or_default(),
            approvals: self.approvals(),
            workloads,
            gates: self.gates.clone(),
            live: None,
        };
        View { seen, wake }
    }

    /// As [`Observed`]'s references, by these Services.
    #[must_use]
    pub fn references(&self, services: &[Arc<Service>]) -> BTreeMap<(String, Colour), Vec<String>> {
        let previews = self.previews();
        let sides = self.workloads().iter().flat_map(|one| Colour::BOTH.map(|colour| (one, colour)));
        let known = sides.filter_map(|(workload, colour)| {
            let deployment = self.caches.deployments.get(self.namespace, deployment(workload, colour))?;
            let (world, previews) = (self, previews.as_slice());
            let side = Side { world, workload, colour, deployment, services, previews };
            Some(((workload.name.clone(), colour), side.references(&side.pods())))
        });
        known.collect()
    }

    /// These pods, which a Deployment selects, as a plan sees them.
    #[must_use]
    pub fn pods<'p>(
        &self,
        workload: &Workload,
        colour: Colour,
        deployment: Arc<Deployment>,
        pods: impl Iterator<Item = &'p Arc<Pod>>,
    ) -> Vec<observed::Pod> {
        let side = Side { world: self, workload, colour, deployment, services: &[], previews: &[] };
        let own = pods.filter_map(|pod| side.owns(pod).map(|current| (Arc::clone(pod), current)));
        side.look_at(&own.collect::<Vec<_>>()).0
    }

    pub(super) fn workloads(&self) -> &[Workload] {
        self.declared.content().map_or(&[][..], |content| &content.spec.workloads)
    }

    fn previews(&self) -> Vec<&str> {
        let previews = self.workloads().iter().filter_map(|workload| workload.preview.as_ref());
        previews.map(|preview| preview.service.as_str()).collect()
    }

    fn routes(
        &self,
        workload: &Workload,
        blue: Option<&observed::Deployment>,
        green: Option<&observed::Deployment>,
    ) -> BTreeMap<String, observed::Route> {
        let colours = |colour, side: Option<&observed::Deployment>| {
            let pods =
                side.map_or_else(Vec::new, |side| side.pods.iter().map(|pod| pod.name.clone()).collect());
            pods.into_iter().map(move |pod| (pod, colour))
        };
        let colours = colours(Colour::Blue, blue).chain(colours(Colour::Green, green)).collect();
        let routes = workload.services.iter().filter_map(|declared| {
            let service = self.caches.services.get(self.namespace, &declared.name)?;
            Some((declared.name.clone(), route::observe(self, &service, &colours)))
        });
        routes.collect()
    }

    fn approvals(&self) -> BTreeMap<String, String> {
        let annotations = self.declared.annotations().iter();
        let approvals = annotations.filter_map(|(key, value)| Some((key.strip_prefix(APPROVE)?, value)));
        approvals.map(|(gate, release)| (gate.to_owned(), release.clone())).collect()
    }

    /// Whose a uid is.
    pub(super) fn owner(&self, uid: &str) -> observed::Owner {
        if uid == self.declared.uid() {
            return observed::Owner::This;
        }
        if self.memory.is_nobody(uid) {
            return observed::Owner::Nobody;
        }
        let other = self.caches.declared.grouped(self.namespace, uid);
        observed::Owner::Other(other.first().map_or_else(|| uid.to_owned(), |other| other.name_any()))
    }

    /// The oldest other BlueGreen of these, if it is older than this one.
    pub(super) fn older(&self, names: Vec<Key>) -> Option<String> {
        let age = |one: &Declared| (one.metadata.creation_timestamp.clone(), one.metadata.uid.clone());
        let mine = age(self.declared);
        let others = names.iter().filter_map(|key| self.caches.declared.get(&key.namespace, &key.name));
        let older = others.filter(|other| age(other) < mine);
        older.min_by_key(|other| age(other)).map(|other| other.name_any())
    }
}

/// The uids in the marks of a BlueGreen's Services of which it is not known whose they are.
#[must_use]
pub fn strangers(caches: &Caches, memory: &dyn Memory, namespace: &str, declared: &Declared) -> Vec<String> {
    let Some(content) = declared.content() else { return vec![] };
    let services = index::services(&content.spec).filter_map(|name| caches.services.get(namespace, name));
    let marks = services.filter_map(|service| RawMark::of(&service));
    let unknown = marks.map(|mark| mark.uid).filter(|uid| {
        uid != declared.uid() && !memory.is_nobody(uid) && caches.declared.grouped(namespace, uid).is_empty()
    });
    unknown.collect()
}

/// The name of the Deployment of a side.
pub fn deployment(workload: &Workload, colour: Colour) -> &str {
    match colour {
        Colour::Blue => &workload.blue.deployment,
        Colour::Green => &workload.green.deployment,
    }
}
