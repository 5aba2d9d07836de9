//! What is written for each verb, decided without a cluster: from the objects as read to guarded patches, or a refusal.
//!
//! Every patch carries the resourceVersion that it was decided from, so that what happens in between is never overwritten: whoever
//! carries it out reads again and decides again.

pub mod adopt;
pub mod approve;
pub mod image;
pub mod owner;
mod refusal;
pub mod release;
pub mod wish;

#[cfg(test)]
mod tests;

use std::fmt;

use kube::{Resource, ResourceExt};
use rollout::{Active, BlueGreen, Colour, ConditionStatus, Status};
use serde_json::{Map, Value, json};

pub use self::refusal::Refusal;

/// The label, in pods and selectors, whose value is the colour, unless the operator is told another.
pub const COLOUR_LABEL: &str = "switchyard.dev/color";

/// What a patch changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A BlueGreen.
    BlueGreen(String),
    /// A Deployment.
    Deployment(String),
    /// A Service.
    Service(String),
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlueGreen(name) => write!(formatter, "BlueGreen {name}"),
            Self::Deployment(name) => write!(formatter, "Deployment {name}"),
            Self::Service(name) => write!(formatter, "Service {name}"),
        }
    }
}

/// A guarded write: a merge patch for a BlueGreen or Service, a strategic one for a Deployment, whose containers it finds by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// What it changes.
    pub object: Object,
    /// The body, with the resourceVersion that it was decided from.
    pub body: Value,
    /// What it does, in a sentence.
    pub says: String,
}

impl Patch {
    /// A patch of this BlueGreen's `spec`.
    fn spec(of: &BlueGreen, spec: Value, says: impl Into<String>) -> Self {
        Self {
            object: Object::BlueGreen(of.name_any()),
            body: guarded(of, json!({ "spec": spec })),
            says: says.into(),
        }
    }

    /// The same by kubectl alone, unguarded.
    #[must_use]
    pub fn as_kubectl(&self, namespace: &str) -> String {
        let (kind, name, strategy) = match &self.object {
            Object::BlueGreen(name) => ("bluegreen", name, "merge"),
            Object::Deployment(name) => ("deployment", name, "strategic"),
            Object::Service(name) => ("service", name, "merge"),
        };
        let mut body = self.body.clone();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
            if metadata.is_empty() {
                body.as_object_mut().map(|body| body.remove("metadata"));
            }
        }
        format!("kubectl patch {kind} {name} -n {namespace} --type={strategy} -p '{body}'")
    }
}

/// The body with the resourceVersion of what it changes.
fn guarded<K: Resource>(of: &K, mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        let metadata = fields.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        metadata["resourceVersion"] = json!(of.meta().resource_version);
    }
    body
}

/// What the operator says of the object as it is now; nothing if it has seen only an earlier one.
pub(crate) fn current(of: &BlueGreen) -> Option<&Status> {
    of.status.as_ref().filter(|status| status.observed_generation >= of.meta().generation.unwrap_or_default())
}

/// The same, or that there is nothing to decide from.
fn seen(of: &BlueGreen) -> Result<&Status, Refusal> {
    let generation = of.meta().generation.unwrap_or_default();
    current(of).ok_or_else(|| Refusal::NotSeen { name: of.name_any(), generation })
}

/// The colour that all Services select.
fn serving(of: &BlueGreen, status: &Status) -> Result<Colour, Refusal> {
    match status.active {
        Some(Active::Blue) => Ok(Colour::Blue),
        Some(Active::Green) => Ok(Colour::Green),
        Some(Active::Mixed) | None => {
            let (phase, message) = (status.phase, status.message.clone());
            Err(Refusal::NoServingColour { name: of.name_any(), phase, message })
        }
    }
}

/// Whether the last switch could be taken back at once; if not, why.
pub(crate) fn rollback(status: &Status) -> Result<(), &str> {
    match status.conditions.iter().find(|condition| condition.kind == "RollbackAvailable") {
        Some(condition) if condition.status == ConditionStatus::True => Ok(()),
        Some(condition) => Err(&condition.message),
        None => Err("The operator does not say that it stands ready."),
    }
}
