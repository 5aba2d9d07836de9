//! What the server does on request: to each verb its own file.

mod apply;
mod create;
mod delete;
mod list;
mod patch;
mod rights;
mod update;
mod watch;

use http::{Method, Request, StatusCode};
use kube::core::Status;
use serde_json::{Value, json};

pub(crate) use self::{create::create, delete::delete, update::update, watch::Watch};
use crate::{call::Call, refusal, store::Store, validate};

/// What comes of a request.
pub(crate) enum Answer {
    /// An object, or a list of them.
    Object(StatusCode, Value),
    /// What happens from now on.
    Watch(Box<Watch>),
}

/// Does what is asked.
pub(crate) fn perform(
    store: &mut Store,
    call: &Call,
    request: &Request<impl AsRef<[u8]>>,
) -> Result<Answer, Box<Status>> {
    let body = request.body().as_ref();
    let created = StatusCode::CREATED;
    rights::check(store, call, request.method())?;
    let (code, object) = match (request.method(), &call.name) {
        (&Method::POST, None) if rights::reviews(call) => (created, rights::review(store, parsed(body)?)),
        _ if rights::reviews(call) => return Err(refusal::method_not_allowed()),
        (&Method::GET, None) if call.params.watches() => {
            return Ok(Answer::Watch(Box::new(Watch::new(store, call)?)));
        }
        (&Method::GET, None) => (StatusCode::OK, list::list(store, call)?),
        (&Method::GET, Some(_)) => (StatusCode::OK, get(store, call)?),
        (&Method::POST, None) => (created, create(store, call, object(call, body)?)?),
        (&Method::PUT, Some(_)) if is_created_by_update(store, call) => {
            (created, create(store, call, object(call, body)?)?)
        }
        (&Method::PUT, Some(_)) => (StatusCode::OK, update::put(store, call, object(call, body)?)?),
        (&Method::PATCH, Some(_)) => patch::patch(store, call, request)?,
        (&Method::DELETE, name) => {
            let options = parsed_or_nothing(body).map_err(|status| refusal::unreadable(&status.message))?;
            let all = name.is_none();
            (
                StatusCode::OK,
                if all { delete::all(store, call, &options)? } else { delete(store, call, &options)? },
            )
        }
        _ => return Err(refusal::method_not_allowed()),
    };
    Ok(Answer::Object(code, if call.metadata_only { metadata_of(object) } else { object }))
}

fn get(store: &Store, call: &Call) -> Result<Value, Box<Status>> {
    let found = store.get(&call.resource, &call.key());
    found.map(|object| Value::clone(object)).ok_or_else(|| refusal::not_found(&call.resource, call.name()))
}

fn is_created_by_update(store: &Store, call: &Call) -> bool {
    call.resource.created_by_update && store.get(&call.resource, &call.key()).is_none()
}

fn parsed(body: &[u8]) -> Result<Value, Box<Status>> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| refusal::bad_request(&error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(refusal::bad_request("the body is not an object")) }
}

/// An object that says nothing else than that it is of this kind, and is as one of it.
fn object(call: &Call, body: &[u8]) -> Result<Value, Box<Status>> {
    let object = parsed(body)?;
    if !states_its_kind(call, &object, true) {
        return Err(refusal::bad_request("the object is of another kind than the URL says"));
    }
    if !validate::is_of_its_types(&object) {
        return Err(refusal::bad_request("the object cannot be read as one of its kind"));
    }
    Ok(object)
}

/// Whether it says of which kind it is, and rightly; or nothing, where that is enough.
fn states_its_kind(call: &Call, object: &Value, or_nothing: bool) -> bool {
    let version = call.resource.api_version();
    let stated = [(&object["kind"], &*call.resource.kind), (&object["apiVersion"], version.as_str())];
    stated.into_iter().all(|(stated, is)| stated == is || (or_nothing && stated.is_null()))
}

fn parsed_or_nothing(body: &[u8]) -> Result<Value, Box<Status>> {
    if body.is_empty() { Ok(json!({})) } else { parsed(body) }
}

/// The same without all but the metadata.
fn metadata_of(mut object: Value) -> Value {
    if let Some(items) = object["items"].as_array_mut() {
        for item in items {
            *item = metadata_of(item.take());
        }
        object["kind"] = "PartialObjectMetadataList".into();
        object["apiVersion"] = "meta.k8s.io/v1".into();
        return object;
    }
    partial(&object)
}

fn partial(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

/// A text within an object, empty if there is none.
fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
