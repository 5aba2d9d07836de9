//! Whoever else is at work: persons who approve, Jobs that end, somebody who changes what is none of theirs, and the server's own memory.

use std::{sync::Arc, time::Duration};

use fake_apiserver::{Resource, faults::Random};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    cluster::{COLOUR, Cluster, NAMESPACE, blue_greens, service},
    pods::gate,
    world::{Kind, Verdict, pick},
};

/// Who changes what is none of theirs.
pub(crate) const SOMEBODY: &str = "somebody";

const MOMENT: Duration = Duration::from_millis(500);

/// Approves what waits for it, at first for another release, and ends Jobs as their gates shall end.
pub(crate) async fn decide(cluster: Arc<Cluster>) {
    loop {
        sleep(MOMENT).await;
        approve(&cluster);
        end_jobs(&cluster);
    }
}

fn approve(cluster: &Cluster) {
    let status = cluster.status();
    let release = status["release"].as_str().unwrap_or_default();
    let since = cluster.began.elapsed();
    for running in status["gates"].as_array().into_iter().flatten() {
        let name = running["name"].as_str().unwrap_or_default();
        let Some(gate) = gate(cluster, name).filter(|gate| gate.kind == Kind::Approval) else { continue };
        let Verdict::Good(later) = gate.end else { continue };
        let said = if since >= later * 2 { release } else { "another" };
        let key = format!("approve.switchyard.dev/{name}");
        let stands = cluster.server.get(&blue_greens(), NAMESPACE, "shop").unwrap();
        if stands["metadata"]["annotations"][&key] != said {
            cluster.edit(|object| object["metadata"]["annotations"][&key] = said.into());
        }
    }
}

fn end_jobs(cluster: &Cluster) {
    for job in cluster.server.all(&Resource::JOBS) {
        let name = job["metadata"]["name"].as_str().unwrap_or_default();
        let named = name.rsplit_once('-').and_then(|(gate_name, _)| gate(cluster, gate_name));
        let Some(gate) = named.filter(|_| job["status"]["conditions"].is_null()) else { continue };
        let (later, kind) = match gate.end {
            Verdict::Good(later) => (later, "Complete"),
            Verdict::Bad(later) => (later, "Failed"),
        };
        let made: k8s_openapi::jiff::Timestamp =
            job["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
        if cluster.server.clock().now().duration_since(made).unsigned_abs() >= later {
            let end = |object: &mut Value| {
                object["status"] = json!({"conditions": [{"type": kind, "status": "True"}]});
            };
            cluster.server.set_status("job-controller", &Resource::JOBS, NAMESPACE, name, end).unwrap();
        }
    }
}

/// The `minReplicas` that somebody sets last. No switch raises one to that: the other side wants two.
pub(crate) const LAST_MIN: u64 = 1;

/// Forgets what happened, now and then, so that watches come too late.
pub(crate) async fn forget(cluster: Arc<Cluster>, mut random: Random, healed: Instant) {
    while Instant::now() < healed {
        sleep(Duration::from_millis(1_000 + random.below(9_000))).await;
        cluster.server.compact();
    }
}

/// Changes the bounds of autoscalers, and in the end leaves enough room.
pub(crate) async fn rescale(cluster: Arc<Cluster>, mut random: Random, healed: Instant) {
    while Instant::now() < healed {
        sleep(Duration::from_millis(2_000 + random.below(10_000))).await;
        let (min, more) = (1 + random.below(3), random.below(3));
        let scalers = cluster.server.all(&Resource::AUTOSCALERS);
        bound(&cluster, pick::<Arc<Value>>(&mut random, &scalers), min, min + more);
    }
    sleep_until(healed).await;
    for scaler in cluster.server.all(&Resource::AUTOSCALERS) {
        bound(&cluster, &scaler, LAST_MIN, 5);
    }
}

fn bound(cluster: &Cluster, scaler: &Value, min: u64, max: u64) {
    let name = scaler["metadata"]["name"].as_str().unwrap();
    let change = |object: &mut Value| {
        object["spec"]["minReplicas"] = min.into();
        object["spec"]["maxReplicas"] = max.into();
    };
    cluster.server.edit(SOMEBODY, &Resource::AUTOSCALERS, NAMESPACE, name, change).unwrap();
}

/// Changes what is none of theirs, and in the end puts everything right again and tries once more.
pub(crate) async fn meddle(cluster: Arc<Cluster>, mut random: Random, healed: Instant) {
    for _ in 0..cluster.world.foreign {
        let until = Instant::now() + Duration::from_millis(random.below(25_000));
        sleep_until(until.min(healed)).await;
        let workload = pick(&mut random, &cluster.workloads).clone();
        match random.below(4) {
            0 => point_away(&cluster, &workload),
            1 => resize(&cluster, &mut random, &workload),
            2 => strip(&cluster, &mut random),
            _ => make_anew(&cluster, &mut random, &workload).await,
        }
    }
    sleep_until(healed).await;
    repair(&cluster);
}

fn point_away(cluster: &Cluster, workload: &str) {
    let change = |object: &mut Value| {
        let colour = &mut object["spec"]["selector"][COLOUR];
        *colour = if *colour == "blue" { "green".into() } else { "blue".into() };
    };
    let _gone = cluster.server.edit(SOMEBODY, &Resource::SERVICES, NAMESPACE, workload, change);
}

fn resize(cluster: &Cluster, random: &mut Random, workload: &str) {
    let name = format!("{workload}-{}", pick(random, &["blue", "green"]));
    let replicas = random.below(5);
    let change = |object: &mut Value| object["spec"]["replicas"] = replicas.into();
    cluster.server.edit(SOMEBODY, &Resource::DEPLOYMENTS, NAMESPACE, &name, change).unwrap();
}

/// Takes the colour away from a pod.
fn strip(cluster: &Cluster, random: &mut Random) {
    let pods = cluster.server.all(&Resource::PODS);
    if pods.is_empty() {
        return;
    }
    let name = pick(random, &pods)["metadata"]["name"].as_str().unwrap().to_owned();
    let change = |object: &mut Value| {
        object["metadata"]["labels"].as_object_mut().map(|labels| labels.remove(COLOUR));
    };
    cluster.server.edit(SOMEBODY, &Resource::PODS, NAMESPACE, &name, change).unwrap();
}

async fn make_anew(cluster: &Cluster, random: &mut Random, workload: &str) {
    let _gone = cluster.server.delete(SOMEBODY, &Resource::SERVICES, NAMESPACE, workload);
    sleep(Duration::from_millis(random.below(15_000))).await;
    let _there = cluster.server.create(SOMEBODY, service(workload, workload, "blue"));
}

/// Services point where the operator has pointed them, no side is too small, and no pod lacks a label.
fn repair(cluster: &Cluster) {
    let edit = |resource: &Resource, name: &str, change: &dyn Fn(&mut Value)| {
        cluster.server.edit(SOMEBODY, resource, NAMESPACE, name, change).unwrap();
    };
    for workload in &cluster.workloads {
        edit(&Resource::SERVICES, workload, &|object| {
            let mark = object["metadata"]["annotations"]["switchyard.dev/switch"].as_str();
            let colour = mark.and_then(|mark| mark.split('/').nth(1)).map(str::to_owned);
            if let Some(colour) = colour {
                object["spec"]["selector"][COLOUR] = colour.into();
            }
        });
        for colour in ["blue", "green"] {
            edit(&Resource::DEPLOYMENTS, &format!("{workload}-{colour}"), &|object| {
                let replicas = object["spec"]["replicas"].as_u64().unwrap_or_default();
                object["spec"]["replicas"] = replicas.max(2).into();
            });
        }
    }
    for pod in cluster.server.all(&Resource::PODS) {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let colour = if name.contains("-blue-") { "blue" } else { "green" };
        edit(&Resource::PODS, name, &|object| object["metadata"]["labels"][COLOUR] = colour.into());
    }
}
