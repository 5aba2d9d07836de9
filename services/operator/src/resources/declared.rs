//! BlueGreens, of which one that cannot be read does not stop the others.

use kube::core::ObjectMeta;
use rollout::{BlueGreenSpec, Status};
use serde::Deserialize;
use serde_json::Value;

use super::{Kept, meta::lean, resource};

/// A BlueGreen as somebody has declared it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct Declared {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Its specification and status; or why they cannot be read.
    pub content: Result<Box<Content>, String>,
}

/// What a BlueGreen says.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The wish.
    pub spec: BlueGreenSpec,
    /// What came of it.
    pub status: Status,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "lean")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

impl From<Wire> for Declared {
    fn from(wire: Wire) -> Self {
        let Wire { metadata, spec, status } = wire;
        let read = || {
            let spec = BlueGreenSpec::deserialize(spec).map_err(|error| format!("spec: {error}"))?;
            let status = Option::deserialize(status).map_err(|error| format!("status: {error}"))?;
            Ok(Box::new(Content { spec, status: status.unwrap_or_default() }))
        };
        Self { content: read(), metadata }
    }
}

impl Declared {
    /// What it says, if that can be read.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        self.content.as_deref().ok()
    }

    /// Its uid.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }
}

resource!(Declared, "BlueGreen", "switchyard.dev", "v1alpha1", "bluegreens");

/// It is found by its uid.
impl Kept for Declared {
    fn group(&self) -> Option<&str> {
        self.metadata.uid.as_deref()
    }
}
