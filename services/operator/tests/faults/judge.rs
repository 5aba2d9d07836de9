//! What must never be, judged at each write that lands.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use fake_apiserver::{Landed, Resource, Server, View};
use serde_json::Value;

use tokio::time::{Duration, Instant};

use crate::{
    cluster::{COLOUR, blue_greens},
    others::SOMEBODY,
    world::World,
};

/// What the operator wrote so long after somebody else has changed something may have been planned, or sent, before.
const UNAWARE: Duration = Duration::from_secs(15);

/// What was seen so far.
#[derive(Clone, Default)]
pub(crate) struct Judge(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    wrongs: Vec<String>,
    digest: DefaultHasher,
    writes: u64,
    meddled: Option<Instant>,
    /// Whether the gates before a switch have passed, of any release.
    passed: bool,
}

impl Judge {
    /// Judges every write of the operator's on this server.
    pub(crate) fn watch(&self, server: &Server, world: &World) {
        let (judge, gates) = (self.clone(), world.before.len());
        server.observe(move |write, view| {
            let mut seen = judge.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Events are dated by the machine's clock.
            let dated = *write.resource == Resource::EVENTS;
            (write.manager, write.after.filter(|_| !dated).map(Value::to_string)).hash(&mut seen.digest);
            seen.passed |= gates == 0 || *write.resource == blue_greens() && have_passed(write, gates);
            if write.manager == SOMEBODY {
                seen.meddled = Some(Instant::now());
            }
            if write.manager == "switchyard" {
                seen.writes += 1;
                let unaware = seen.meddled.is_some_and(|then| then.elapsed() < UNAWARE);
                let early = wrong_before(write, seen.passed);
                seen.wrongs.extend(wrong(write, view).filter(|_| !unaware).or(early));
            }
        });
    }

    pub(crate) fn wrongs(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wrongs.clone()
    }

    /// A hash of everything that was written, and how much of it by the operator.
    pub(crate) fn digest(&self) -> (u64, u64) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.digest.finish(), seen.writes)
    }
}

/// Whether the status that was written says that every gate before the switch has passed.
fn have_passed(write: &Landed<'_>, gates: usize) -> bool {
    let stands = write.after.and_then(|object| object["status"]["gates"].as_array());
    let passed = |gate: &&Value| {
        gate["state"] == "Passed" && gate["name"].as_str().is_some_and(|name| name.starts_with("before"))
    };
    stands.is_some_and(|stands| stands.iter().filter(passed).count() == gates)
}

/// Whether a Service was pointed at green before its gates have passed.
fn wrong_before(write: &Landed<'_>, passed: bool) -> Option<String> {
    let (before, after) = (write.before?, write.after?);
    let points = |object: &Value| colour(&object["spec"]["selector"]) == "green";
    let early = *write.resource == Resource::SERVICES && !points(before) && points(after) && !passed;
    (early && !is_preview(after)).then(|| "a Service was pointed at green before the gates passed".to_owned())
}

/// Nobody's requests come by a preview.
fn is_preview(service: &Value) -> bool {
    service["metadata"]["name"].as_str().is_some_and(|name| name.ends_with("-preview"))
}

fn wrong(write: &Landed<'_>, view: &View<'_>) -> Option<String> {
    let (before, after) = (write.before?, write.after?);
    let name = after["metadata"]["name"].as_str().unwrap_or_default();
    if *write.resource == Resource::SERVICES {
        let (from, to) = (colour(&before["spec"]["selector"]), colour(&after["spec"]["selector"]));
        let cut =
            !is_preview(after) && from != to && ready(view, name, to) == 0 && ready(view, name, from) > 0;
        return cut.then(|| {
            format!("Service {name} was pointed at {to}, where no pod is Ready, and away from {from}")
        });
    }
    if *write.resource == Resource::DEPLOYMENTS {
        let replicas = |object: &Value| object["spec"]["replicas"].as_u64();
        let labels = &after["spec"]["template"]["metadata"]["labels"];
        let served =
            view.all(&Resource::SERVICES).any(|service| !is_preview(service) && selects(service, labels));
        let cut = replicas(after) < replicas(before) && served;
        return cut.then(|| format!("Deployment {name} was scaled down while a Service selects its pods"));
    }
    None
}

fn colour(labels: &Value) -> &str {
    labels[COLOUR].as_str().unwrap_or_default()
}

fn selects(service: &Value, labels: &Value) -> bool {
    service["spec"]["selector"]
        .as_object()
        .is_some_and(|all| all.iter().all(|(key, value)| labels[key] == *value))
}

/// How many pods of that side are Ready and stay.
pub(crate) fn ready(view: &View<'_>, workload: &str, side: &str) -> usize {
    let pods = view.all(&Resource::PODS).filter(|pod| {
        let labels = &pod["metadata"]["labels"];
        labels["app"] == workload && colour(labels) == side && pod["metadata"]["deletionTimestamp"].is_null()
    });
    let is_ready = |pod: &Value| {
        let conditions = pod["status"]["conditions"].as_array();
        conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
    };
    pods.filter(|pod| is_ready(pod)).count()
}
