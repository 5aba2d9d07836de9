//! Patches of each kind that there is.

use http::{Request, StatusCode, header::CONTENT_TYPE};
use json_patch::Patch;
use kube::core::Status;
use serde_json::Value;

use super::{apply, parsed, text, update};
use crate::{call::Call, merge, refusal, resource::Resource, store::Store, strategic, validate};

/// Changes an object as a patch says.
pub(super) fn patch(
    store: &mut Store,
    call: &Call,
    request: &Request<impl AsRef<[u8]>>,
) -> Result<(StatusCode, Value), Box<Status>> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let body = request.body().as_ref();
    if kind == "application/apply-patch+yaml" {
        return apply::apply(store, call, parsed(body)?);
    }
    if call.params.force() {
        return Err(refusal::options("PatchOptions", &[("FieldValueForbidden", "force")]));
    }
    let changed = match kind {
        "application/merge-patch+json" => {
            let patch = parsed(body)?;
            changed(store, call, |object| merge::merge(object, &patch))?
        }
        "application/strategic-merge-patch+json" if Resource::BUILT_IN.contains(&call.resource) => {
            let patch = parsed(body)?;
            changed(store, call, |object| strategic::merge(object, &patch))?
        }
        "application/json-patch+json" => {
            let patch: Patch =
                serde_json::from_slice(body).map_err(|error| refusal::bad_request(&error.to_string()))?;
            let mut done = Ok(());
            let object = changed(store, call, |object| done = json_patch::patch(object, &patch))?;
            done.map_err(|_| refusal::rejected())?;
            object
        }
        _ => return Err(refusal::unsupported_media_type()),
    };
    update::update(store, call, |_| changed).map(|object| (StatusCode::OK, object))
}

/// The object as the patch makes it, if that is still the same one.
fn changed(store: &Store, call: &Call, change: impl FnOnce(&mut Value)) -> Result<Value, Box<Status>> {
    let Some(old) = store.get(&call.resource, &call.key()) else {
        return Err(refusal::not_found(&call.resource, call.name()));
    };
    let mut object = Value::clone(old);
    change(&mut object);
    if !validate::is_of_its_types(&object) {
        return Err(refusal::of_a_patch());
    }
    if text(&object, "/metadata/name") != call.name() {
        return Err(refusal::bad_request("the name of the object does not match the name on the URL"));
    }
    if object["metadata"]["uid"] != old["metadata"]["uid"] {
        return Err(refusal::invalid(&call.resource, call.name(), "metadata.uid", "field is immutable"));
    }
    Ok(object)
}
