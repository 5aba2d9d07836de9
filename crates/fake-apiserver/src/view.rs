//! What a test or a controller reads of the server, without asking by a request.

use std::sync::Arc;

use serde_json::Value;

use crate::{Resource, store::Store};

/// Everything that there is at a moment.
pub struct View<'a>(pub(crate) &'a Store);

impl<'s> View<'s> {
    /// An object. The namespace of one of the whole cluster is empty.
    #[must_use]
    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.0.get(resource, &(namespace.to_owned(), name.to_owned()))
    }

    /// All objects of a resource, by namespace and name.
    pub fn all<'v>(&'v self, resource: &Resource) -> impl Iterator<Item = &'v Arc<Value>> + use<'v, 's> {
        self.0.table(resource).into_iter().flat_map(|table| table.objects.values())
    }

    /// The version of the last change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.0.revision
    }
}
