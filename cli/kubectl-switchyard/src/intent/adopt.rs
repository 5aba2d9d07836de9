//! Consent that a Service is taken over: one without a colour, or one that somebody else has pointed elsewhere.

use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use rollout::BlueGreen;
use serde_json::{Value, json};

use super::{Object, Patch, Refusal, guarded};

/// The consent to take a Service over that selects no colour.
const ADOPT: &str = "switchyard.dev/adopt";

/// Who pointed a Service where: `UID/COLOUR/N`.
pub const SWITCH: &str = "switchyard.dev/switch";

/// The Services of the BlueGreen are taken over: those without a colour once the wished side is ready, those that somebody else has
/// pointed at the other side as they stand.
///
/// # Errors
/// One is missing or another BlueGreen's, or there is none to adopt.
pub fn adopt(of: &BlueGreen, services: &[Service], label: &str) -> Result<Vec<Patch>, Refusal> {
    let mut patches = vec![];
    for route in of.spec.workloads.iter().flat_map(|workload| &workload.services) {
        let service = services.iter().find(|service| service.name_any() == route.name).ok_or_else(|| {
            Refusal::CannotAdopt { service: route.name.clone(), why: "it does not exist".into() }
        })?;
        patches.extend(service_patch(of, service, label)?);
    }
    if patches.is_empty() { Err(Refusal::NothingToAdopt(of.name_any())) } else { Ok(patches) }
}

fn service_patch(of: &BlueGreen, service: &Service, label: &str) -> Result<Option<Patch>, Refusal> {
    let name = service.name_any();
    let colour = colour(service, label);
    let mark = service.annotations().get(SWITCH).map(|mark| mark.split('/').collect::<Vec<_>>());
    if let Some([owner, pointed, _]) = mark.as_deref() {
        if Some(*owner) != of.metadata.uid.as_deref() {
            let why = format!("its annotation {SWITCH} says that it is the BlueGreen's with the uid {owner}");
            return Err(Refusal::CannotAdopt { service: name, why });
        }
        if colour == Some(*pointed) {
            return Ok(None);
        }
    } else if colour.is_some() {
        return Ok(None);
    }
    let says = match colour {
        Some(colour) => format!("Service {name} is taken over as it stands: {colour}"),
        None => format!("Service {name} is taken over once {} is ready", of.spec.active),
    };
    let adopt = if colour.is_none() { json!("true") } else { Value::Null };
    let annotations = json!({"metadata": {"annotations": {ADOPT: adopt, SWITCH: null}}});
    Ok(Some(Patch { object: Object::Service(name), body: guarded(service, annotations), says }))
}

/// The valid colour that a Service selects.
#[must_use]
pub fn colour<'a>(service: &'a Service, label: &str) -> Option<&'a str> {
    let selector = service.spec.as_ref()?.selector.as_ref()?;
    selector.get(label).map(String::as_str).filter(|colour| matches!(*colour, "blue" | "green"))
}
