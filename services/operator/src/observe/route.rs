//! A Service and its endpoints as a plan sees them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kube::ResourceExt;
use rollout::{Colour, Object, observed};

use super::{
    mark::{RawMark, colour_of},
    view::World,
};
use crate::resources::{ADOPT, EndpointSlice, Owned, Service};

/// As a plan sees it. `colours` says of which side a pod is.
pub(super) fn observe(
    world: &World<'_>,
    service: &Service,
    colours: &BTreeMap<String, Colour>,
) -> observed::Route {
    let name = service.name_any();
    let slices = world.caches.slices.grouped(world.namespace, &name);
    let mark = RawMark::of(service).map(|mark| observed::Mark {
        owner: world.owner(&mark.uid),
        colour: mark.colour,
        n: mark.n,
    });
    let rival = world.older(world.index.of_service(world.namespace, &name));
    // What belongs to another is not even sealed.
    let foreign = matches!(&mark, Some(observed::Mark { owner: observed::Owner::Other(_), .. }));
    let foreign =
        foreign || (rival.is_some() && mark.as_ref().is_none_or(|mark| mark.owner != observed::Owner::This));
    let object = Object::Service(name);
    observed::Route {
        version: service.resource_version().unwrap_or_default(),
        points_at: service.selector.get(world.color_label).and_then(|value| colour_of(value)),
        mark,
        manager: service.manager.clone(),
        adopt: service.annotations().get(ADOPT).is_some_and(|value| value == "true"),
        unsuitable: service.unsuitable.map(|why| why.to_string()),
        rival,
        sealed: foreign || world.memory.is_sealed(world.namespace, &object),
        evidence: evidence(service, &slices, colours),
        refused: world.memory.refused(world.namespace, &object),
    }
}

/// The endpoints of all slices, merged by pod.
pub(super) fn evidence(
    service: &Service,
    slices: &[Arc<EndpointSlice>],
    colours: &BTreeMap<String, Colour>,
) -> Vec<observed::Endpoint> {
    // A pod that lacks one of the ports stands in another slice, or in none.
    let mut ready: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for slice in slices.iter().filter(|slice| is_of(slice, service)) {
        for endpoint in slice.endpoints() {
            let ports = ready.entry(endpoint.pod()).or_default();
            if endpoint.is_ready() {
                ports.extend(slice.ports());
            }
        }
    }
    let every = |ports: &BTreeSet<&str>| {
        !ports.is_empty() && service.ports.iter().all(|port| ports.contains(port.name.as_str()))
    };
    let endpoints = ready.into_iter().map(|(pod, ports)| observed::Endpoint {
        pod: pod.to_owned(),
        colour: colours.get(pod).copied(),
        ready: every(&ports),
    });
    endpoints.collect()
}

/// Whether a slice is this Service's, and not one that is left of another of the same name that is gone. What was made by hand has no owner.
fn is_of(slice: &EndpointSlice, service: &Service) -> bool {
    let owner = slice.controller().filter(|owner| owner.kind == "Service");
    owner.is_none_or(|owner| service.metadata.uid.as_ref() == Some(&owner.uid))
}
