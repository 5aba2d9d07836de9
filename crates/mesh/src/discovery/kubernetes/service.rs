//! Whose endpoints.

use serde::{Deserialize, Serialize};

use super::Port;
use crate::{InvalidPolicy, discovery::Family, policy::Problems};

/// A Service of Kubernetes, and which of its ports.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Where it is. Default: `default`.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which of its ports. Default: the only one.
    #[serde(default)]
    pub port: Port,
    /// Which addresses are taken of endpoints that have both. Default: IPv4.
    #[serde(default)]
    pub family: Family,
}

fn default_namespace() -> String {
    "default".to_owned()
}

impl Service {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by name.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let range = "1 to 63 of a-z, 0-9 and `-`, which is neither the first nor the last";
        problems.check(is_label(&self.namespace), "namespace", range);
        problems.check(is_label(&self.name), "name", range);
        let named = !matches!(&self.port, Port::Named(name) if name.len() > 63);
        problems.check(named, "port", "a name of up to 63 characters, or a number");
        problems.check(self.port != Port::Number(0), "port", "1 to 65,535");
    }

    /// Where the slices of its namespace are.
    #[cfg(feature = "kubernetes")]
    pub(super) fn path(&self) -> String {
        format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", self.namespace)
    }

    /// Which of them are its own.
    #[cfg(feature = "kubernetes")]
    pub(super) fn selector(&self) -> String {
        format!("kubernetes.io/service-name={}", self.name)
    }
}

/// A DNS label of RFC 1123, which is what Kubernetes calls such things.
fn is_label(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inside)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
