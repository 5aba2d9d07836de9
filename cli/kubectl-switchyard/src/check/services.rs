//! The Services: that they can be switched, and that the pods of both sides fit them.

use k8s_openapi::{
    api::core::v1::{PodSpec, Service, ServicePort},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::ResourceExt;
use rollout::{BlueGreen, Colour, Workload};

use super::{Finding, Seen, deployment, sides, sides::template_labels};
use crate::intent::adopt::{SWITCH, colour};

pub(super) fn findings(of: &BlueGreen, workload: &Workload, seen: &Seen, label: &str) -> Vec<Finding> {
    let routes = workload.services.iter().map(|route| (route.name.as_str(), true));
    let preview = workload.preview.iter().map(|preview| (preview.service.as_str(), false));
    let mut findings = vec![];
    for (name, switched) in routes.chain(preview) {
        let about = format!("Service {name}");
        let Some(service) = seen.services.iter().find(|service| service.name_any() == name) else {
            findings.push(Finding::stops(
                about,
                "it does not exist",
                "create it, or take it out of the BlueGreen",
            ));
            continue;
        };
        let unsuitable = unsuitable(&about, service);
        let usable = unsuitable.is_none();
        findings.extend(unsuitable);
        if usable {
            findings.extend(switched.then(|| pointed(of, &about, service, label)).flatten());
            for (colour, side) in sides(workload) {
                let Some(pods) = deployment(side, seen) else { continue };
                let labels = template_labels(pods);
                findings.extend(unselected(&about, service, colour, label, &labels, &side.deployment));
                let pod = pods.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
                findings
                    .extend(pod.into_iter().flat_map(|pod| unheard(&about, service, pod, &side.deployment)));
            }
        }
    }
    findings
}

/// What cannot be switched at all.
fn unsuitable(about: &str, service: &Service) -> Option<Finding> {
    let spec = service.spec.as_ref()?;
    let (what, todo) = if spec.type_.as_deref() == Some("ExternalName") {
        ("it is only another name of something outside", "make it a Service with a selector")
    } else if spec.selector.as_ref().is_none_or(std::collections::BTreeMap::is_empty) {
        ("it has no selector", "give it the labels that the pods of both sides have in common")
    } else if spec.publish_not_ready_addresses == Some(true) {
        ("it sends traffic to pods that are not ready", "set publishNotReadyAddresses to false")
    } else {
        return None;
    };
    Some(Finding::stops(about, what, todo))
}

/// Where it points, and who says so.
fn pointed(of: &BlueGreen, about: &str, service: &Service, label: &str) -> Option<Finding> {
    let now = colour(service, label);
    let adopt = format!("`kubectl switchyard adopt {}`", of.name_any());
    let mark = service.annotations().get(SWITCH).map(|mark| mark.split('/').collect::<Vec<_>>());
    if let Some([owner, pointed, _]) = mark.as_deref() {
        let ours = Some(*owner) == of.metadata.uid.as_deref();
        let was = now.unwrap_or("no colour");
        return (ours && now != Some(*pointed)).then(|| {
            let what = format!("the operator pointed it at {pointed}, and somebody else at {was}");
            Finding::stops(
                about,
                what,
                format!("point it at {pointed} again, or have it taken over as it stands: {adopt}"),
            )
        });
    }
    let consent = service.annotations().get("switchyard.dev/adopt").is_some_and(|adopt| adopt == "true");
    (now.is_none() && !consent).then(|| {
        let what = format!("its selector has no colour ({label})");
        Finding::stops(about, what, format!("add the colour that serves, or have it taken over: {adopt}"))
    })
}

/// Labels that it selects by and the pods of a side do not have.
fn unselected(
    about: &str,
    service: &Service,
    colour: Colour,
    label: &str,
    labels: &std::collections::BTreeMap<String, String>,
    deployment: &str,
) -> Option<Finding> {
    let selector = service.spec.as_ref()?.selector.as_ref()?;
    let missing = selector
        .iter()
        .filter(|(key, _)| key.as_str() != label)
        .find(|(key, value)| labels.get(*key) != Some(*value));
    missing.map(|(key, value)| {
        let what = format!("it selects by {key}: {value}, which the pods of {deployment} do not have");
        Finding::stops(
            about,
            what,
            format!("label the {colour} side's pods so, or take it out of the selector"),
        )
    })
}

/// Ports that it names and no container of a side has.
fn unheard(about: &str, service: &Service, pod: &PodSpec, deployment: &str) -> Vec<Finding> {
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let missing = ports.filter_map(target).filter(|name| !has_port(pod, name));
    missing
        .map(|name| {
            let what = format!("it sends to the port `{name}`, which no container of {deployment} has");
            Finding::stops(about, what, "name the container's port so, or change its targetPort")
        })
        .collect()
}

/// The name that stands for a port of the pods.
fn target(port: &ServicePort) -> Option<&str> {
    match port.target_port.as_ref()? {
        IntOrString::String(name) => Some(name),
        IntOrString::Int(_) => None,
    }
}

/// Whether a container has a port of this name.
pub(super) fn has_port(pod: &PodSpec, name: &str) -> bool {
    let ports = pod.containers.iter().flat_map(|container| container.ports.iter().flatten());
    ports.filter_map(|port| port.name.as_deref()).any(|port| port == name)
}
