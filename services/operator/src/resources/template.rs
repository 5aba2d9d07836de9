//! Pod templates, of which a hash is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The label that the Deployment controller puts on a ReplicaSet's template; the templates are else the same.
const ADDED: &str = "pod-template-hash";

/// A pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The same for a Deployment and for the ReplicaSet that the Deployment controller takes for its current one.
    pub hash: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its containers' images.
    pub images: Vec<String>,
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        if let Some(labels) = value.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.remove(ADDED);
        }
        let mut digest = Sha256::new();
        hash(&value, &mut digest);
        let labels = value.pointer("/metadata/labels").cloned().unwrap_or_default();
        let containers = value.pointer("/spec/containers").and_then(Value::as_array);
        let images = containers.into_iter().flatten().filter_map(|one| one.get("image")?.as_str());
        Ok(Self {
            hash: digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
            images: images.map(str::to_owned).collect(),
            labels: Option::deserialize(labels).map_err(D::Error::custom)?.unwrap_or_default(),
        })
    }
}

/// Objects by sorted key and without nulls, so that the order in which a server writes them does not count.
fn hash(value: &Value, digest: &mut Sha256) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            digest.update(format!("{{{}", sorted.len()));
            for (key, value) in sorted {
                digest.update(format!("{}:{key}", key.len()));
                hash(value, digest);
            }
        }
        Value::Array(values) => {
            digest.update(format!("[{}", values.len()));
            for value in values {
                hash(value, digest);
            }
        }
        scalar => {
            let text = scalar.to_string();
            digest.update(format!("{}:{text}", text.len()));
        }
    }
}
