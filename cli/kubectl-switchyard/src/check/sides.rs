//! The Deployments: that they exist, select only their own pods, tell their colour, and say when a pod is ready.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::apps::v1::Deployment,
    apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
};
use kube::ResourceExt;
use rollout::{Colour, Workload};

use super::{Finding, Seen, deployment, sides};

pub(super) fn findings(workload: &Workload, seen: &Seen, label: &str) -> Vec<Finding> {
    let mut findings = vec![];
    for (colour, side) in sides(workload) {
        let about = format!("Deployment {}", side.deployment);
        match deployment(side, seen) {
            None => findings.push(Finding::stops(
                about,
                "it does not exist",
                "create it, or take it out of the BlueGreen",
            )),
            Some(found) => {
                findings.extend(coloured(&about, found, colour, label));
                findings.extend(overlaps(&about, found, seen));
                findings.extend(probed(&about, found));
            }
        }
    }
    findings
}

fn coloured(about: &str, of: &Deployment, colour: Colour, label: &str) -> Option<Finding> {
    let given = template_labels(of).get(label).cloned();
    if given.as_deref() == Some(colour.label()) {
        return None;
    }
    let what = match given {
        Some(given) => format!("its pods are labelled {label}: {given}, and it is the {colour} side"),
        None => format!("its pods have no label {label}, so that no Service can select them by colour"),
    };
    Some(Finding::stops(about, what, format!("label its pod template, and its selector, {label}: {colour}")))
}

/// Other Deployments whose selector matches its pods.
fn overlaps(about: &str, of: &Deployment, seen: &Seen) -> Vec<Finding> {
    let labels = template_labels(of);
    let others = seen.deployments.iter().filter(|other| other.name_any() != of.name_any());
    let overlap =
        |other: &&Deployment| other.spec.as_ref().is_some_and(|spec| matches(&spec.selector, &labels));
    let finding = |other: &Deployment| {
        let what = format!("its pods are selected by Deployment {} too", other.name_any());
        let todo = "give each a selector of its own, by the colour say; a selector is only set when a Deployment is created";
        Finding::stops(about, what, todo)
    };
    others.filter(overlap).map(finding).collect()
}

/// Without a readiness probe a pod counts as ready before it can answer.
fn probed(about: &str, of: &Deployment) -> Option<Finding> {
    let pod = of.spec.as_ref()?.template.spec.as_ref()?;
    let probed = pod.containers.iter().any(|container| container.readiness_probe.is_some());
    let what = "none of its containers has a readinessProbe: its pods count as ready before they can answer";
    (!probed).then(|| Finding::warns(about, what, "add a readinessProbe"))
}

/// The labels of its pods.
pub(super) fn template_labels(of: &Deployment) -> BTreeMap<String, String> {
    let meta = of.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
    meta.and_then(|meta| meta.labels.clone()).unwrap_or_default()
}

/// Whether a selector matches; an empty one matches everything.
fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
    equal && selector.match_expressions.iter().flatten().all(|one| meets(one, labels))
}

fn meets(one: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&one.key);
    let listed = value.is_some_and(|value| one.values.iter().flatten().any(|other| other == value));
    match one.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}
