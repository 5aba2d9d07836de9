//! What scales: autoscalers that would not allow the size of a switch, and quotas without room for both sides.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1::Deployment, autoscaling::v2::HorizontalPodAutoscaler, core::v1::ResourceQuota,
};
use kube::ResourceExt;
use rollout::{BlueGreen, Workload};

use super::{
    Finding, Seen, deployment,
    quantity::{Milli, parse},
    sides,
};

/// The label by which KEDA marks the autoscalers that it keeps.
const KEDA: &str = "scaledobject.keda.sh/name";

pub(super) fn autoscalers(workload: &Workload, seen: &Seen) -> Vec<Finding> {
    let size = size(workload, seen);
    let mut findings = vec![];
    for (_, side) in sides(workload) {
        for scaler in seen.autoscalers.iter().filter(|scaler| targets(scaler, &side.deployment)) {
            let about = format!("HorizontalPodAutoscaler {}", scaler.name_any());
            if let Some(object) = scaler.labels().get(KEDA) {
                let what = format!("KEDA's ScaledObject {object} keeps it, and would set its minimum back");
                findings.push(Finding::stops(about, what, "use an ordinary autoscaler, or none"));
                continue;
            }
            let max = scaler.spec.as_ref().map_or(0, |spec| spec.max_replicas);
            if max < size {
                let what =
                    format!("it allows {max} replicas of {}, and a switch needs {size}", side.deployment);
                findings.push(Finding::stops(about, what, format!("raise maxReplicas to {size} or more")));
            }
        }
    }
    findings
}

fn targets(scaler: &HorizontalPodAutoscaler, deployment: &str) -> bool {
    scaler.spec.as_ref().is_some_and(|spec| {
        spec.scale_target_ref.kind == "Deployment" && spec.scale_target_ref.name == deployment
    })
}

/// The size that both sides have during a switch: that of the larger one.
fn size(workload: &Workload, seen: &Seen) -> i32 {
    let replicas = |of: &Deployment| of.spec.as_ref().and_then(|spec| spec.replicas);
    let wants = sides(workload).into_iter().filter_map(|(_, side)| replicas(deployment(side, seen)?));
    wants.max().unwrap_or(1).max(1)
}

/// Quotas that have no room for the pods that a switch adds.
pub(super) fn quotas(of: &BlueGreen, seen: &Seen) -> Vec<Finding> {
    let mut needs = BTreeMap::<String, Milli>::new();
    for workload in &of.spec.workloads {
        let size = size(workload, seen);
        // The side with fewer pods is the one that is scaled up.
        let idle = sides(workload).into_iter().filter_map(|(_, side)| deployment(side, seen));
        let idle = idle.min_by_key(|one| one.spec.as_ref().and_then(|spec| spec.replicas));
        let Some(idle) = idle else { continue };
        let there = idle.status.as_ref().and_then(|status| status.replicas).unwrap_or_default();
        let added = Milli::from(size.saturating_sub(there).max(0));
        for (resource, each) in requests(idle) {
            let need = needs.entry(resource).or_default();
            *need = need.saturating_add(each.saturating_mul(added));
        }
    }
    seen.quotas.iter().flat_map(|quota| tight(quota, &needs)).collect()
}

/// What each pod of a Deployment takes from quotas, by the quotas' names for it.
fn requests(of: &Deployment) -> BTreeMap<String, Milli> {
    let mut all = BTreeMap::<_, Milli>::from([("pods".to_owned(), 1_000), ("count/pods".to_owned(), 1_000)]);
    let pod = of.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let resources = pod.into_iter().flat_map(|pod| &pod.containers).filter_map(|one| one.resources.as_ref());
    for resources in resources {
        // Without a request the limit is one.
        let mut asked = resources.limits.clone().unwrap_or_default();
        asked.extend(resources.requests.clone().unwrap_or_default());
        let requests = asked
            .iter()
            .flat_map(|(name, value)| [(format!("requests.{name}"), value), (name.clone(), value)]);
        let limits = resources.limits.iter().flatten().map(|(name, value)| (format!("limits.{name}"), value));
        for (name, value) in requests.chain(limits) {
            let sum = all.entry(name).or_default();
            *sum = sum.saturating_add(parse(&value.0).unwrap_or_default());
        }
    }
    all
}

fn tight(quota: &ResourceQuota, needs: &BTreeMap<String, Milli>) -> Vec<Finding> {
    let Some(status) = &quota.status else { return vec![] };
    let number = |of: &Option<BTreeMap<_, _>>, name: &str| {
        let of: &BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity> = of.as_ref()?;
        parse(&of.get(name)?.0)
    };
    let tight = |(name, need): (&String, &Milli)| {
        let free = number(&status.hard, name)?.saturating_sub(number(&status.used, name).unwrap_or_default());
        (free < *need).then(|| {
            let about = format!("ResourceQuota {}", quota.name_any());
            let what =
                format!("it has {} of {name} left, and a switch needs {} more", said(free), said(*need));
            Finding::stops(
                about,
                what,
                "raise it, or make room: during a switch both sides stand at full size",
            )
        })
    };
    needs.iter().filter_map(tight).collect()
}

/// A number as a person reads it.
fn said(milli: Milli) -> String {
    let milli = milli.max(0);
    if milli % 1_000 == 0 { (milli / 1_000).to_string() } else { format!("{milli}m") }
}
