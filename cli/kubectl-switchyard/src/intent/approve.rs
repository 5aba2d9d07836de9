//! A person's consent to one release: an annotation that names it.

use kube::ResourceExt;
use rollout::{BlueGreen, Kind, Phase};
use serde_json::json;

use super::{Object, Patch, Refusal, guarded, seen};

/// What the annotation's name begins with; the gate follows.
pub const APPROVE: &str = "approve.switchyard.dev/";

/// The gate passes for the release that is under way. Nothing to write if it is approved already.
///
/// # Errors
/// There is no such gate, no release, or another one than `expected`.
pub fn approve(of: &BlueGreen, gate: &str, expected: Option<&str>) -> Result<Vec<Patch>, Refusal> {
    let there = approvals(of);
    if !there.iter().any(|name| name == gate) {
        return Err(Refusal::NoSuchGate { name: of.name_any(), gate: gate.to_owned(), there });
    }
    let status = seen(of)?;
    let under_way = !matches!(status.at(), Phase::Stable | Phase::Draining | Phase::SwitchingBack);
    let release = status.release.as_deref().filter(|_| under_way);
    let release = release.ok_or_else(|| Refusal::NothingToApprove(of.name_any()))?;
    if let Some(expected) = expected.filter(|expected| *expected != release) {
        return Err(Refusal::OtherRelease { expected: expected.to_owned(), now: release.to_owned() });
    }
    let annotation = format!("{APPROVE}{gate}");
    if of.annotations().get(&annotation).is_some_and(|given| given == release) {
        return Ok(vec![]);
    }
    Ok(vec![Patch {
        object: Object::BlueGreen(of.name_any()),
        body: guarded(of, json!({"metadata": {"annotations": {annotation: release}}})),
        says: format!("gate {gate} is approved for release {release}"),
    }])
}

/// The gates that wait for a person, in their order.
#[must_use]
pub fn approvals(of: &BlueGreen) -> Vec<String> {
    let gates = of.spec.gates.before.iter().chain(&of.spec.gates.after);
    gates.filter(|gate| gate.kind() == Some(Kind::Approval)).map(|gate| gate.name.clone()).collect()
}
