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
            return Err(refusal::conflict_because(&call.resource, call.name(), &why));
        }
    }
    let grace = grace(&call.resource, &old, options);
    if grace == 0 && !has_finalizers(&old) {
        if !call.params.dry_run() {
            store.land(&call.resource, call.key(), None, &call.manager);
        }
        return Ok(success(call, &old));
    }
    let mut new = Value::clone(&old);
    if new["metadata"]["deletionTimestamp"].is_null() {
        new["metadata"]["deletionTimestamp"] = store.clock.stamp().into();
        new["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        if let Some(generation) = new["metadata"]["generation"].as_i64() {
            new["metadata"]["generation"] = (generation + 1).into();
        }
    }
    super::update::land(store, call, &old, new)
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
