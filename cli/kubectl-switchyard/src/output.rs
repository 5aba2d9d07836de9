//! Objects as programs want them: `-o json|yaml|name`.

use kube::ResourceExt;
use rollout::BlueGreen;
use serde_json::{Value, json};

/// In which form objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// As JSON.
    Json,
    /// As YAML.
    Yaml,
    /// Their kind and name alone.
    Name,
}

impl Output {
    /// One object.
    pub(crate) fn one(self, object: &BlueGreen) -> String {
        match self {
            Self::Name => name(object),
            _ => self.value(&clean(object)),
        }
    }

    /// Several objects, as kubectl lists them.
    pub(crate) fn all(self, objects: &[BlueGreen]) -> String {
        match self {
            Self::Name => objects.iter().map(name).collect::<Vec<_>>().join("\n"),
            _ => {
                let items: Vec<_> = objects.iter().map(clean).collect();
                self.value(&json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}))
            }
        }
    }

    /// Any value; as JSON if only a name was asked for.
    pub(crate) fn value(self, value: &Value) -> String {
        let text = match self {
            Self::Yaml => serde_saphyr::to_string(value).unwrap_or_default(),
            Self::Json | Self::Name => serde_json::to_string_pretty(value).unwrap_or_default(),
        };
        text.trim_end().to_owned()
    }
}

/// As kubectl names it, so that it can be piped there.
pub(crate) fn name(object: &BlueGreen) -> String {
    format!("bluegreen.switchyard.dev/{}", object.name_any())
}

/// Without what kubectl does not show either.
fn clean(object: &BlueGreen) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    value
}
