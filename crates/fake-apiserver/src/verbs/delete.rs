//! Objects go: at once, or when whoever still has to do something has done it.

use kube::core::Status;
use serde_json::{Value, json};

use super::text;
use crate::{Resource, call::Call, refusal, store::Store};

/// Deletes an object, or says that it is to go. A pod that runs somewhere is left to [the controllers](crate::controllers).
pub(crate) fn delete(store: &mut Store, call: &Call, options: &Value) -> Result<Value, Box<Status>> {
    let Some(old) = store.get(&call.resource, &call.key()).cloned() else {
        return Err(refusal::not_found(&call.resource, call.name()));
    };
    for (wanted, is) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let (expected, found) = (&options["preconditions"][wanted], &old["metadata"][wanted]);
        if !expected.is_null() && expected != found {
            let why = format!(
                "Precondition failed: {is} in precondition: {expected}, {is} in object meta: {found}"
            );
            let mut status = refusal::conflict_because(&call.resource, call.name(), &why);
            if let Some(details) = &mut status.details {
                details.kind = call.resource.kind.to_string();
                details.group.clear();
            }
            return Err(status);
        }
    }
    let grace = grace(&call.resource, &old, options);
    if grace == 0 && !has_finalizers(&old) {
        if !call.params.dry_run() {
            store.land(&call.resource, call.key(), None, &call.manager);
        }
        // Of most objects it is only said that they are gone.
        return Ok(match &call.resource {
            resource if *resource == Resource::PODS => leaving(&old, 0, &store.clock.stamp()),
            resource if *resource == Resource::SERVICES => Value::clone(&old),
            _ => success(call, &old),
        });
    }
    let new = leaving(&old, grace, &store.clock.stamp());
    super::update::land(store, call, &old, new)
}

/// Deletes each of those that the call is about, and answers with a list of them.
pub(crate) fn all(store: &mut Store, call: &Call, options: &Value) -> Result<Value, Box<Status>> {
    let list = super::list::list(store, call)?;
    for item in list["items"].as_array().into_iter().flatten() {
        let one = |field| Some(text(item, field).to_owned());
        let (namespace, name) = (one("/metadata/namespace"), one("/metadata/name"));
        let namespace = namespace.filter(|_| call.resource.namespaced);
        delete(store, &Call { namespace, name, ..call.clone() }, options)?;
    }
    Ok(list)
}

/// The object, which says that it is to go.
fn leaving(old: &Value, grace: u64, stamp: &str) -> Value {
    let mut new = old.clone();
    if new["metadata"]["deletionTimestamp"].is_null() {
        new["metadata"]["deletionTimestamp"] = stamp.into();
        new["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        if let Some(generation) = new["metadata"]["generation"].as_i64() {
            new["metadata"]["generation"] = (generation + 1).into();
        }
    }
    new
}

/// Whether nothing keeps an object any more that was deleted.
pub(super) fn is_free(object: &Value) -> bool {
    let metadata = &object["metadata"];
    !metadata["deletionTimestamp"].is_null()
        && metadata["deletionGracePeriodSeconds"] == 0
        && !has_finalizers(object)
}

fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty())
}

/// For how many seconds it stays: only pods that were scheduled do.
fn grace(resource: &Resource, old: &Value, options: &Value) -> u64 {
    if *resource != Resource::PODS || text(old, "/spec/nodeName").is_empty() {
        return 0;
    }
    let asked = options["gracePeriodSeconds"].as_u64();
    asked.or_else(|| old["spec"]["terminationGracePeriodSeconds"].as_u64()).unwrap_or(30)
}

fn success(call: &Call, old: &Value) -> Value {
    let mut details =
        json!({"name": call.name(), "kind": call.resource.plural, "uid": old["metadata"]["uid"]});
    if !call.resource.group.is_empty() {
        details["group"] = (*call.resource.group).into();
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}
