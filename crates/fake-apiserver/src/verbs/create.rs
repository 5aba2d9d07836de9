//! Objects come into being.

use kube::core::{Status, response::StatusCause};
use serde_json::{Value, json};

use super::text;
use crate::{
    Resource,
    call::Call,
    defaults, fields, refusal,
    resource::Generation,
    store::{Key, Store},
    validate,
};

/// Keeps a new object.
pub(crate) fn create(store: &mut Store, call: &Call, mut object: Value) -> Result<Value, Box<Status>> {
    let key = name(store, call, &mut object)?;
    if store.get(&call.resource, &key).is_some() {
        return Err(refusal::already_exists(&call.resource, &key.1));
    }
    if !matches!(text(&object, "/metadata/resourceVersion"), "" | "0") {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Status::failure(message, "").with_code(500).boxed());
    }
    complete(store, call, &key, &mut object);
    if call.checked {
        validate::check(&call.resource, &key.1, None, &object)?;
    }
    fields::written(&call.by(store), &json!({}), &mut object);
    if call.params.dry_run() {
        return Ok(object);
    }
    let landed = store.land(&call.resource, key, Some(object), &call.manager);
    Ok(landed.map_or(Value::Null, |object| Value::clone(&object)))
}

/// What only the server says of an object.
fn complete(store: &mut Store, call: &Call, key: &Key, object: &mut Value) {
    object["kind"] = (*call.resource.kind).into();
    object["apiVersion"] = call.resource.api_version().into();
    defaults::fill(&call.resource, object);
    if call.resource.status
        && let Some(object) = object.as_object_mut()
    {
        object.remove("status");
    }
    if call.resource == Resource::PODS {
        object["status"] = json!({"phase": "Pending"});
    }
    let (stamp, number) = (store.clock.stamp(), store.next());
    let metadata = &mut object["metadata"];
    for unknown in
        ["deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "resourceVersion", "generation"]
    {
        metadata.as_object_mut().map(|metadata| metadata.remove(unknown));
    }
    metadata["name"] = key.1.clone().into();
    if call.resource.namespaced {
        metadata["namespace"] = key.0.clone().into();
    }
    metadata["uid"] = format!("00000000-0000-4000-8000-{number:012x}").into();
    metadata["creationTimestamp"] = stamp.into();
    if call.resource.generation != Generation::None {
        metadata["generation"] = 1.into();
    }
}

/// The name that the object states, or one that begins as it wishes.
fn name(store: &mut Store, call: &Call, object: &mut Value) -> Result<Key, Box<Status>> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let namespace = call.namespace.clone().unwrap_or_default();
    let stated = text(object, "/metadata/namespace");
    if !stated.is_empty() && stated != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(refusal::bad_request(message));
    }
    let (name, prefix) = (text(object, "/metadata/name"), text(object, "/metadata/generateName"));
    let name = match (name, prefix) {
        ("", "") => {
            let cause = StatusCause {
                reason: "FieldValueRequired".to_owned(),
                message: "Required value: name or generateName is required".to_owned(),
                field: "metadata.name".to_owned(),
            };
            return Err(refusal::unprocessable(&call.resource, "", vec![cause]));
        }
        ("", prefix) => format!("{prefix}{}", suffix(store.next())),
        (name, _) => name.to_owned(),
    };
    Ok((namespace, name))
}

/// Five letters of which no word comes, different for each number.
fn suffix(number: u64) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    // A step that has no factor in common with 27⁵ visits every name before one comes again.
    let mut rest = number.wrapping_mul(7_654_321) % 27_u64.pow(5);
    let mut name = String::new();
    for _ in 0..5 {
        name.push(char::from(LETTERS[usize::try_from(rest % 27).unwrap_or_default()]));
        rest /= 27;
    }
    name
}
