//! Who may do what: everybody everything, but for what a test forbids.

use http::Method;
use kube::core::Status;
use serde_json::{Value, json};

use crate::{call::Call, refusal, store::Store};

/// Refuses what is forbidden.
pub(super) fn check(store: &Store, call: &Call, method: &Method) -> Result<(), Box<Status>> {
    let verb = verb(call, method);
    let is_this = |(forbidden, resource): &(String, _)| forbidden == verb && *resource == call.resource;
    if !store.forbidden.iter().any(is_this) {
        return Ok(());
    }
    let (who, resource) = (&call.manager, &call.resource);
    let place = match &call.namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let why = format!(
        "User \"{who}\" cannot {verb} resource \"{}\" in API group \"{}\" {place}",
        resource.plural, resource.group
    );
    Err(refusal::forbidden(resource, call.name(), &why))
}

/// Whether it is asked what may be done.
pub(super) fn reviews(call: &Call) -> bool {
    call.resource.group == "authorization.k8s.io"
}

/// Answers whether this may be done; everybody may do the same.
pub(super) fn review(store: &Store, mut review: Value) -> Value {
    let asked = &review["spec"]["resourceAttributes"];
    let denied = store.forbidden.iter().any(|(verb, resource)| {
        asked["verb"] == **verb && asked["group"] == *resource.group && asked["resource"] == *resource.plural
    });
    review["status"] = json!({ "allowed": !denied });
    review
}

/// The verb of a request, as roles have it.
fn verb(call: &Call, method: &Method) -> &'static str {
    match (method, &call.name) {
        (&Method::GET, None) if call.params.watches() => "watch",
        (&Method::GET, None) => "list",
        (&Method::GET, Some(_)) => "get",
        (&Method::POST, _) => "create",
        (&Method::PUT, _) => "update",
        (&Method::PATCH, _) => "patch",
        (_, None) => "deletecollection",
        (_, Some(_)) => "delete",
    }
}
