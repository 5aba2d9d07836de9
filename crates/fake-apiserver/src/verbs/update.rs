//! Objects are changed: by one that replaces them, or by a patch.

use kube::core::Status;
use serde_json::Value;

use super::{delete::is_free, text};
use crate::{
    call::{Call, Part},
    defaults, fields, refusal,
    resource::{Generation, Resource},
    store::Store,
    validate,
};

/// What the server alone decides.
const OF_THE_SERVER: [&str; 6] = [
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "namespace",
];

/// Replaces an object.
pub(crate) fn put(store: &mut Store, call: &Call, new: Value) -> Result<Value, Box<Status>> {
    let stated = text(&new, "/metadata/name");
    if !stated.is_empty() && stated != call.name() {
        let message = "the name of the object ({}) does not match the name on the URL";
        return Err(refusal::bad_request(&format!("{} ({})", message.replace("{}", stated), call.name())));
    }
    let versioned = !matches!(text(&new, "/metadata/resourceVersion"), "" | "0");
    if !versioned && !call.resource.unconditional && store.get(&call.resource, &call.key()).is_some() {
        return Err(refusal::without_version(&call.resource, call.name()));
    }
    update(store, call, |_| new)
}

/// Changes an object, if it still has the version that the change states. What changes nothing is no write.
pub(crate) fn update(
    store: &mut Store,
    call: &Call,
    change: impl FnOnce(Value) -> Value,
) -> Result<Value, Box<Status>> {
    let Some(old) = store.get(&call.resource, &call.key()).cloned() else {
        return Err(refusal::not_found(&call.resource, call.name()));
    };
    let changed = change(Value::clone(&old));
    precondition(call, &old, &changed)?;
    let mut new = parts(call, &old, changed);
    defaults::fill(&call.resource, &mut new);
    if call.checked {
        validate::check(&call.resource, call.name(), Some(&old), &new)?;
    }
    fields::written(&call.by(store), &old, &mut new);
    land(store, call, &old, new)
}

/// Keeps an object that was completed, if it is another one than before.
pub(super) fn land(store: &mut Store, call: &Call, old: &Value, new: Value) -> Result<Value, Box<Status>> {
    if new == *old || call.params.dry_run() {
        return Ok(new);
    }
    if is_free(&new) {
        store.land(&call.resource, call.key(), None, &call.manager);
        return Ok(new);
    }
    let landed = store.land(&call.resource, call.key(), Some(new), &call.manager);
    Ok(landed.map_or(Value::Null, |object| Value::clone(&object)))
}

pub(super) fn precondition(call: &Call, old: &Value, new: &Value) -> Result<(), Box<Status>> {
    let (was, of) = (text(old, "/metadata/uid"), text(new, "/metadata/uid"));
    if !of.is_empty() && of != was {
        let why = format!("Precondition failed: UID in precondition: {of}, UID in object meta: {was}");
        return Err(refusal::conflict_because(&call.resource, call.name(), &why));
    }
    let version = text(new, "/metadata/resourceVersion");
    if !matches!(version, "" | "0") && version != text(old, "/metadata/resourceVersion") {
        return Err(refusal::conflict(&call.resource, call.name()));
    }
    Ok(())
}

/// The new object, of which only what this part is about differs from the old one.
pub(super) fn parts(call: &Call, old: &Value, mut new: Value) -> Value {
    if call.part == Part::Status {
        let status = new["status"].take();
        new = old.clone();
        set(&mut new, "status", &status);
        return new;
    }
    if call.resource.status {
        set(&mut new, "status", &old["status"]);
    }
    for field in ["kind", "apiVersion"] {
        set(&mut new, field, &old[field]);
    }
    for field in OF_THE_SERVER.into_iter().chain(["name", "resourceVersion", "managedFields"]) {
        set(&mut new["metadata"], field, &old["metadata"][field]);
    }
    if has_new_generation(&call.resource, old, &new) {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or_default();
        new["metadata"]["generation"] = (generation + 1).into();
    }
    new
}

fn set(object: &mut Value, field: &str, value: &Value) {
    let Some(object) = object.as_object_mut() else { return };
    if value.is_null() {
        object.remove(field);
    } else {
        object.insert(field.to_owned(), value.clone());
    }
}

fn has_new_generation(resource: &Resource, old: &Value, new: &Value) -> bool {
    let content = || {
        let fields = [old, new].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys());
        let mut content = fields.filter(|field| !matches!(field.as_str(), "metadata" | "status"));
        content.any(|field| old[field] != new[field])
    };
    match resource.generation {
        Generation::None => false,
        Generation::Content => content(),
        Generation::ContentAndAnnotations => {
            content() || old["metadata"]["annotations"] != new["metadata"]["annotations"]
        }
    }
}
