//! What is put into a world.

use rollout::{
    Approval, Breakers, Change, Colour, Gate, Http, Prometheus, Span, Time,
    observed::{Autoscaler, Deployment, Pod},
};
use serde_json::json;

pub(crate) fn ready_pod(pod: Pod, now: Time) -> Pod {
    Pod { ready_since: Some(now), available: true, waits: None, ..pod }
}

pub(crate) fn unready_pod(pod: Pod) -> Pod {
    Pod { ready_since: None, available: false, waits: Some("ImagePullBackOff".into()), ..pod }
}

/// So many pods of a side are not ready.
pub(crate) fn break_pods(count: usize) -> impl Fn(&mut Deployment) {
    move |side| side.pods.iter_mut().take(count).for_each(|pod| *pod = unready_pod(pod.clone()))
}

pub(crate) fn heal_pods(side: &mut Deployment) {
    side.pods.iter_mut().for_each(|pod| *pod = ready_pod(pod.clone(), Time::from_millis(1_000_000)));
}

/// Scaled by somebody to so many.
pub(crate) fn sized(replicas: i32) -> impl Fn(&mut Deployment) {
    move |side| side.replicas = replicas
}

pub(crate) fn scaler(min: i32, max: i32) -> impl Fn(&mut Deployment) {
    move |side| {
        let (name, version) = ("scaler".into(), "1".into());
        side.autoscaler = Some(Autoscaler { name, version, min, max, former: None, raised: None });
    }
}

/// Somebody else sets these bounds of its autoscaler, and leaves the annotations.
pub(crate) fn bounded(min: i32, max: i32) -> impl Fn(&mut Deployment) {
    move |side| {
        let scaler = side.autoscaler.as_mut().expect("an autoscaler");
        (scaler.min, scaler.max) = (min, max);
        super::bump(&mut scaler.version);
    }
}

pub(crate) fn new_template(side: &mut Deployment) {
    side.template.push('!');
}

pub(crate) fn to(colour: Colour, n: u64) -> Change {
    Change::Point { to: colour, n }
}

pub(crate) fn scale(replicas: i32) -> Change {
    Change::Scale { replicas }
}

pub(crate) fn seal(n: u64) -> Change {
    Change::Seal { n }
}

pub(crate) fn floor(min: i32, former: Option<i32>) -> Change {
    Change::Floor { min, former }
}

pub(crate) fn approval(name: &str) -> Gate {
    Gate { name: name.into(), approval: Some(Approval {}), ..Gate::default() }
}

pub(crate) fn http(name: &str) -> Gate {
    let http: Http = serde_json::from_value(json!({"port": "admin", "path": "/"})).expect("a gate");
    Gate { name: name.into(), http: Some(http), ..Gate::default() }
}

/// For ten seconds.
pub(crate) fn breakers(name: &str) -> Gate {
    let lasts = Span::secs(10);
    Gate { name: name.into(), breakers: Some(Breakers { port: "admin".into(), lasts }), ..Gate::default() }
}

/// For a minute.
pub(crate) fn prometheus(name: &str) -> Gate {
    let (url, query) = ("http://prometheus:9090".into(), "up".into());
    let gate = Prometheus { url, query, max: "1".into(), lasts: Span::secs(60) };
    Gate { name: name.into(), prometheus: Some(gate), ..Gate::default() }
}
