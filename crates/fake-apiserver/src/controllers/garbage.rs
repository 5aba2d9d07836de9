//! What is owned by what is gone goes too.

use serde_json::Value;

use super::{Edit, controller, is_deleted};
use crate::{Resource, View};

pub(super) fn work(view: &View<'_>, object: &Value, resource: &Resource) -> Vec<Edit> {
    let Some(owner) = controller(object).filter(|_| !is_deleted(object)) else { return vec![] };
    let Some(kind) = Resource::BUILT_IN.into_iter().find(|kind| owner["kind"] == *kind.kind) else {
        return vec![];
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = view.get(&kind, &text(&object["metadata"]["namespace"]), &text(&owner["name"]));
    match found {
        Some(found) if found["metadata"]["uid"] == owner["uid"] => vec![],
        _ => vec![Edit::Delete(resource.clone(), object.clone())],
    }
}
