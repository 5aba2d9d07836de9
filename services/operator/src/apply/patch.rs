//! A write as a merge patch. The version that it was planned from is in it, so that it is refused if anything has changed since.

use rollout::{Change, Colour};
use serde_json::{Value, json};

use crate::{
    observe::RawMark,
    resources::{MIN_REPLICAS, RAISED_REPLICAS, SEAL, SWITCH, Service},
};

/// The patch of a Service, written by the BlueGreen of that uid.
pub(super) fn service(service: &Service, label: &str, uid: &str, version: &str, change: Change) -> Value {
    match change {
        Change::Point { to, n } => {
            let mark = RawMark { uid: uid.to_owned(), colour: to, n }.to_string();
            json!({
                "metadata": { "resourceVersion": version, "annotations": { SWITCH: mark } },
                "spec": { "selector": { label: to.label() } },
            })
        }
        Change::Seal { n } => {
            let annotations = match sealed_colour(service, label, uid) {
                Some(colour) => {
                    json!({ SWITCH: RawMark { uid: uid.to_owned(), colour, n }.to_string() })
                }
                None => json!({ SEAL: n.to_string() }),
            };
            json!({ "metadata": { "resourceVersion": version, "annotations": annotations } })
        }
        // No plan asks for these of a Service; a patch without content changes nothing.
        Change::Scale { .. } | Change::Floor { .. } => json!({ "metadata": { "resourceVersion": version } }),
    }
}

/// A seal changes nothing but the number: a mark of one's own keeps its colour, and what has none is taken over as it stands.
fn sealed_colour(service: &Service, label: &str, uid: &str) -> Option<Colour> {
    let own = RawMark::of(service).filter(|mark| mark.uid == uid).map(|mark| mark.colour);
    let selected = || service.selector.get(label);
    own.or_else(|| {
        Colour::BOTH.into_iter().find(|colour| selected().is_some_and(|value| value == colour.label()))
    })
}

/// The patch of a Deployment or an autoscaler.
pub(super) fn other(version: &str, change: Change) -> Value {
    match change {
        Change::Scale { replicas } => {
            json!({ "metadata": { "resourceVersion": version }, "spec": { "replicas": replicas } })
        }
        Change::Seal { n } => {
            json!({ "metadata": { "resourceVersion": version, "annotations": { SEAL: n.to_string() } } })
        }
        Change::Floor { min, former } => {
            let (former, raised) = (former.map(|former| former.to_string()), former.map(|_| min.to_string()));
            let annotations = json!({ MIN_REPLICAS: former, RAISED_REPLICAS: raised });
            json!({
                "metadata": { "resourceVersion": version, "annotations": annotations },
                "spec": { "minReplicas": min },
            })
        }
        Change::Point { .. } => json!({ "metadata": { "resourceVersion": version } }),
    }
}

#[cfg(test)]
mod tests;
