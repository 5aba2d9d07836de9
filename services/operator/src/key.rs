//! Which BlueGreen.

use std::fmt;

use kube::runtime::reflector::ObjectRef;
use rollout::BlueGreen;

use crate::resources::Kept;

/// The namespace and name of a BlueGreen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Key {
    /// That of an object.
    #[must_use]
    pub fn of<K: Kept>(object: &K) -> Self {
        Self { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
    }
}

impl From<ObjectRef<BlueGreen>> for Key {
    fn from(object: ObjectRef<BlueGreen>) -> Self {
        Self { namespace: object.namespace.unwrap_or_default(), name: object.name }
    }
}

impl From<&Key> for ObjectRef<BlueGreen> {
    fn from(key: &Key) -> Self {
        Self::new(&key.name).within(&key.namespace)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}
