//! Server-side apply: who applies an object owns the fields that it states, and those that it states no longer are gone.

use http::StatusCode;
use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{create, text, update};
use crate::{
    call::Call,
    defaults,
    fields::{self, By, Fields},
    refusal,
    store::Store,
    validate,
};

/// Applies an object.
pub(super) fn apply(
    store: &mut Store,
    call: &Call,
    applied: Value,
) -> Result<(StatusCode, Value), Box<Status>> {
    if call.manager == "unknown" {
        return Err(refusal::options("PatchOptions", &[("FieldValueRequired", "fieldManager")]));
    }
    if !super::states_its_kind(call, &applied, false) {
        return Err(refusal::bad_request("the kind and version of the object are not those of the URL"));
    }
    if !applied["metadata"]["managedFields"].is_null() {
        return Err(refusal::bad_request("metadata.managedFields must be nil"));
    }
    let named = text(&applied, "/metadata/name");
    if !named.is_empty() && named != call.name() {
        return Err(refusal::bad_request("the name of the object does not match the name on the URL"));
    }
    let by = By { operation: "Apply", ..call.by(store) };
    let Some(old) = store.get(&call.resource, &call.key()).cloned() else {
        let mut new = applied;
        new["metadata"]["name"] = call.name().into();
        return Ok((StatusCode::CREATED, create_applied(store, call, &by, new)?));
    };
    update::precondition(call, &old, &applied)?;
    let stated = fields::of(&applied);
    let differing = stated.differing(&old, &applied);
    let conflicts = conflicts(&by, &old, &differing);
    if !conflicts.is_empty() && !call.params.force() {
        return Err(refusal::owned_by_others(&conflicts));
    }
    let mut changed = Value::clone(&old);
    for path in given_up(&by, &old, &stated).paths() {
        remove(&mut changed, &path);
    }
    overlay(&mut changed, &applied);
    let mut new = update::parts(call, &old, changed);
    defaults::fill(&call.resource, &mut new);
    if call.checked {
        validate::check(&call.resource, call.name(), Some(&old), &new)?;
    }
    own(&by, &old, &mut new, &stated, &differing);
    Ok((StatusCode::OK, update::land(store, call, &old, new)?))
}

fn create_applied(store: &mut Store, call: &Call, by: &By, object: Value) -> Result<Value, Box<Status>> {
    let stated = fields::of(&object);
    let dry = Call { params: call.params.clone().dry(), ..call.clone() };
    let mut new = create(store, &dry, object)?;
    new["metadata"]["managedFields"].take();
    own(by, &json!({}), &mut new, &stated, &stated);
    update::land(store, call, &Value::Null, new)
}

/// The stated fields are this one's; of those that it changes it is the only owner.
fn own(by: &By, old: &Value, new: &mut Value, stated: &Fields, changed: &Fields) {
    fields::own(by, old, new, changed, |_, _| {});
    let entries = new["metadata"]["managedFields"].as_array_mut();
    let others = entries.into_iter().flatten().filter(|entry| !by.is(entry)).map(|entry| entry.clone());
    let mut all: Vec<_> = others.collect();
    let old_entry =
        old["metadata"]["managedFields"].as_array().into_iter().flatten().find(|entry| by.is(entry));
    let same = old_entry.filter(|entry| entry["fieldsV1"] == stated.0 && changed.is_empty());
    // Whoever states nothing owns nothing.
    if !stated.is_empty() {
        all.push(same.cloned().unwrap_or_else(|| by.entry(&stated.0)));
    }
    new["metadata"]["managedFields"] = all.into();
}

/// Which fields others own that are to change.
fn conflicts(by: &By, old: &Value, differing: &Fields) -> Vec<(String, String)> {
    let entries = old["metadata"]["managedFields"].as_array().into_iter().flatten();
    let others = entries.filter(|entry| entry["manager"] != *by.manager);
    others
        .flat_map(|entry| {
            let paths = differing.clone().and(&Fields(entry["fieldsV1"].clone())).paths();
            let manager = text(entry, "/manager").to_owned();
            paths.into_iter().map(move |path| (format!(".{}", path.join(".")), manager.clone()))
        })
        .collect()
}

/// What this one has applied before and nobody states now.
fn given_up(by: &By, old: &Value, stated: &Fields) -> Fields {
    let mut given_up = Fields(json!({}));
    for entry in old["metadata"]["managedFields"].as_array().into_iter().flatten() {
        if by.is(entry) {
            given_up = Fields(entry["fieldsV1"].clone()).minus(stated);
        }
    }
    let others =
        old["metadata"]["managedFields"].as_array().into_iter().flatten().filter(|entry| !by.is(entry));
    others.fold(given_up, |left, entry| left.minus(&Fields(entry["fieldsV1"].clone())))
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let parent = parents.iter().try_fold(object, |object, key| object.get_mut(key));
    if let Some(parent) = parent.and_then(Value::as_object_mut) {
        parent.remove(last);
    }
}

/// What is stated replaces what was there; objects are gone into, but not a selector.
fn overlay(target: &mut Value, stated: &Value) {
    let Value::Object(stated) = stated else {
        target.clone_from(stated);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (key, value) in stated {
        if key == "selector" {
            target[key].clone_from(value);
        } else {
            overlay(&mut target[key], value);
        }
    }
}
