//! What there is of a workload: its sides, and where its Services lead.

use std::collections::BTreeMap;

use k8s_openapi::api::{apps::v1::Deployment, discovery::v1::EndpointSlice};
use kube::ResourceExt;
use rollout::{Colour, Phase, Side, Status, Workload};

use super::{
    Objects,
    view::{Role, ServiceView, SideView, WorkloadView},
};
use crate::intent::adopt::colour;

/// A workload as its objects are.
pub(super) fn workload(of: &Workload, status: &Status, objects: &Objects, label: &str) -> WorkloadView {
    let services: Vec<_> = of.services.iter().map(|route| service(&route.name, objects, label)).collect();
    let serves = |colour| services.iter().any(|service| service.points_at == Some(colour));
    let sides = Colour::BOTH.map(|colour| {
        let declared = if colour == Colour::Blue { &of.blue } else { &of.green };
        side(colour, declared, objects, role(colour, serves(colour), status))
    });
    let preview = of
        .preview
        .iter()
        .map(|preview| ServiceView { preview: true, ..service(&preview.service, objects, label) });
    let services = services.into_iter().chain(preview).collect();
    WorkloadView { name: of.name.clone(), sides, services }
}

fn role(colour: Colour, serves: bool, status: &Status) -> Role {
    let at = status.at();
    let drains = status.draining_since.is_some() && status.drained_at.is_none();
    if serves {
        Role::Serves
    } else if status.to == Some(colour) && matches!(at, Phase::Preparing | Phase::Gating | Phase::Switching) {
        Role::New
    } else if drains && matches!(at, Phase::Draining | Phase::Stable) {
        Role::Drains
    } else if status.way_back && status.to == Some(colour.other()) {
        Role::WayBack
    } else {
        Role::Idle
    }
}

fn side(colour: Colour, declared: &Side, objects: &Objects, role: Role) -> SideView {
    let found = objects.deployments.iter().find(|one| one.name_any() == declared.deployment);
    let status = found.and_then(|deployment| deployment.status.as_ref());
    SideView {
        colour,
        deployment: declared.deployment.clone(),
        exists: found.is_some(),
        role,
        wanted: found.and_then(|deployment| deployment.spec.as_ref()?.replicas).unwrap_or_default(),
        ready: status.and_then(|status| status.ready_replicas).unwrap_or_default(),
        there: status.and_then(|status| status.replicas).unwrap_or_default(),
        images: found.map(images).unwrap_or_default(),
    }
}

/// Without the registry and path, which are the same everywhere and long.
fn images(of: &Deployment) -> Vec<String> {
    let pod = of.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let images =
        pod.into_iter().flat_map(|pod| &pod.containers).filter_map(|container| container.image.as_deref());
    images.map(|image| image.rsplit('/').next().unwrap_or(image).to_owned()).collect()
}

fn service(name: &str, objects: &Objects, label: &str) -> ServiceView {
    let found = objects.services.iter().find(|service| service.name_any() == name);
    let points_at = found
        .and_then(|service| colour(service, label))
        .map(|colour| if colour == "blue" { Colour::Blue } else { Colour::Green });
    let endpoints = endpoints(name, &objects.slices);
    let ready = endpoints.values().filter(|ready| **ready).count();
    ServiceView {
        name: name.to_owned(),
        preview: false,
        points_at,
        exists: found.is_some(),
        ready,
        unready: endpoints.len() - ready,
    }
}

/// The endpoints in all slices of a Service, merged, each ready or not.
fn endpoints(service: &str, slices: &[EndpointSlice]) -> BTreeMap<String, bool> {
    let mut merged = BTreeMap::new();
    let own = slices
        .iter()
        .filter(|slice| slice.labels().get("kubernetes.io/service-name").is_some_and(|name| name == service));
    for endpoint in own.flat_map(|slice| slice.endpoints.iter()) {
        let pod = endpoint.target_ref.as_ref().and_then(|target| target.name.clone());
        let key = pod.or_else(|| endpoint.addresses.first().cloned()).unwrap_or_default();
        let conditions = endpoint.conditions.as_ref();
        let ready = conditions.and_then(|conditions| conditions.ready).unwrap_or(true);
        let known = merged.entry(key).or_insert(ready);
        *known = *known && ready;
    }
    merged
}
