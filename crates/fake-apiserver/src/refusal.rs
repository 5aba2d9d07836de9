//! What the server answers when it refuses: for each a function, in the words of the real one.

use kube::core::{
    Status,
    response::{StatusCause, StatusDetails},
};

use crate::Resource;

/// 400: the request cannot be understood.
#[must_use]
pub fn bad_request(message: &str) -> Box<Status> {
    Status::failure(message, "BadRequest").with_code(400).boxed()
}

/// 403: this may not be done.
#[must_use]
pub fn forbidden(resource: &Resource, name: &str, why: &str) -> Box<Status> {
    let named = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
    let message = format!("{}{named} is forbidden: {why}", resource.qualified());
    about(resource, name, Status::failure(&message, "Forbidden").with_code(403))
}

/// 404: there is no such object.
#[must_use]
pub fn not_found(resource: &Resource, name: &str) -> Box<Status> {
    let message = format!("{} \"{name}\" not found", resource.qualified());
    about(resource, name, Status::failure(&message, "NotFound").with_code(404))
}

/// 405: this resource does not do that.
#[must_use]
pub fn method_not_allowed() -> Box<Status> {
    let message = "the server does not allow this method on the requested resource";
    Status::failure(message, "MethodNotAllowed").with_code(405).boxed()
}

/// 409: there is one of this name.
#[must_use]
pub fn already_exists(resource: &Resource, name: &str) -> Box<Status> {
    let message = format!("{} \"{name}\" already exists", resource.qualified());
    about(resource, name, Status::failure(&message, "AlreadyExists").with_code(409))
}

/// 409: it is not any more what it was when it was read.
#[must_use]
pub fn conflict(resource: &Resource, name: &str) -> Box<Status> {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict_because(resource, name, why)
}

pub(crate) fn conflict_because(resource: &Resource, name: &str, why: &str) -> Box<Status> {
    let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
    about(resource, name, Status::failure(&message, "Conflict").with_code(409))
}

/// 409: others have applied these fields.
pub(crate) fn owned_by_others(fields: &[(String, String)]) -> Box<Status> {
    let causes = fields.iter().map(|(field, manager)| StatusCause {
        reason: "FieldManagerConflict".to_owned(),
        message: format!("conflict with \"{manager}\""),
        field: field.clone(),
    });
    let details = StatusDetails { causes: causes.collect(), ..details("", "", "") };
    let message = format!("Apply failed with {} conflicts", fields.len());
    Status::failure(&message, "Conflict").with_code(409).with_details(details).boxed()
}

/// 410: so far back nothing is known any more.
#[must_use]
pub fn expired(message: &str) -> Box<Status> {
    Status::failure(message, "Expired").with_code(410).boxed()
}

/// 415: a body of a type that is not understood.
#[must_use]
pub fn unsupported_media_type() -> Box<Status> {
    Status::failure("415: Unsupported Media Type", "UnsupportedMediaType").with_code(415).boxed()
}

/// 422: the object is not as it must be.
#[must_use]
pub fn invalid(resource: &Resource, name: &str, field: &str, message: &str) -> Box<Status> {
    let cause = StatusCause {
        reason: "FieldValueInvalid".to_owned(),
        message: message.to_owned(),
        field: field.to_owned(),
    };
    unprocessable(resource, name, vec![cause])
}

/// 422: the object is not as it must be, for these causes.
pub(crate) fn unprocessable(resource: &Resource, name: &str, causes: Vec<StatusCause>) -> Box<Status> {
    let why: Vec<_> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    let dot = if resource.group.is_empty() { "" } else { "." };
    let text = format!("{}{dot}{} \"{name}\" is invalid: {}", resource.kind, resource.group, why.join(", "));
    let details = StatusDetails { causes, ..details(name, &resource.group, &resource.kind) };
    Status::failure(&text, "Invalid").with_code(422).with_details(details).boxed()
}

/// 422: an update does not say of which version it is.
pub(crate) fn without_version(resource: &Resource, name: &str) -> Box<Status> {
    let message = "Invalid value: 0: must be specified for an update";
    let mut status = invalid(resource, name, "metadata.resourceVersion", message);
    // It is the one refusal of this kind that names the resource.
    if let Some(details) = &mut status.details {
        details.kind = resource.plural.to_string();
    }
    status
}

/// 422: parameters, by reason and field, that cannot be as they are.
pub(crate) fn options(kind: &str, wrong: &[(&str, &str)]) -> Box<Status> {
    let causes = wrong.iter().map(|(reason, field)| StatusCause {
        reason: (*reason).to_owned(),
        message: "not with these parameters".to_owned(),
        field: (*field).to_owned(),
    });
    let details = StatusDetails { causes: causes.collect(), ..details("", "meta.k8s.io", kind) };
    let fields: Vec<_> = wrong.iter().map(|(_, field)| *field).collect();
    let text = format!("{kind}.meta.k8s.io \"\" is invalid: {}", fields.join(", "));
    Status::failure(&text, "Invalid").with_code(422).with_details(details).boxed()
}

/// 422: what comes of a patch cannot be read.
pub(crate) fn of_a_patch() -> Box<Status> {
    let cause = StatusCause {
        reason: "FieldValueInvalid".to_owned(),
        message: "cannot be read as an object of its kind".to_owned(),
        field: "patch".to_owned(),
    };
    let details = StatusDetails { causes: vec![cause], ..details("", "", "") };
    Status::failure("\"\" is invalid: patch", "Invalid").with_code(422).with_details(details).boxed()
}

/// 422: a JSON patch does not fit.
pub(crate) fn rejected() -> Box<Status> {
    let message = "the server rejected our request due to an error in our request";
    Status::failure(message, "Invalid").with_code(422).boxed()
}

/// 404: there is no such resource in this group.
pub(crate) fn no_resource() -> Box<Status> {
    let message = "the server could not find the requested resource";
    Status::failure(message, "NotFound").with_code(404).boxed()
}

/// 500: in a place where the server has no better word.
pub(crate) fn unreadable(message: &str) -> Box<Status> {
    Status::failure(message, "").with_code(500).boxed()
}

/// 429: later, please.
#[must_use]
pub fn too_many_requests(retry_after_seconds: u32) -> Box<Status> {
    let message = "The server has received too many requests and has asked us to try again later";
    let details = StatusDetails { retry_after_seconds, ..details("", "", "") };
    Status::failure(message, "TooManyRequests").with_code(429).with_details(details).boxed()
}

/// 500: something has gone wrong there.
#[must_use]
pub fn internal(message: &str) -> Box<Status> {
    Status::failure(message, "InternalError").with_code(500).boxed()
}

/// 503: not now, for nobody.
#[must_use]
pub fn unavailable(message: &str) -> Box<Status> {
    Status::failure(message, "ServiceUnavailable").with_code(503).boxed()
}

/// 504: it took the server too long; what it has done nobody knows.
#[must_use]
pub fn timeout(message: &str) -> Box<Status> {
    Status::failure(message, "Timeout").with_code(504).boxed()
}

/// 504: the server itself is not yet where the request wants to start.
pub(crate) fn too_large(asked: u64, current: u64) -> Box<Status> {
    let cause = StatusCause {
        reason: "ResourceVersionTooLarge".to_owned(),
        message: "Too large resource version".to_owned(),
        field: String::new(),
    };
    let details = StatusDetails { causes: vec![cause], retry_after_seconds: 1, ..details("", "", "") };
    let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
    Status::failure(&message, "Timeout").with_code(504).with_details(details).boxed()
}

fn about(resource: &Resource, name: &str, status: Status) -> Box<Status> {
    status.with_details(details(name, &resource.group, &resource.plural)).boxed()
}

pub(crate) fn details(name: &str, group: &str, kind: &str) -> StatusDetails {
    StatusDetails {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        uid: String::new(),
        causes: vec![],
        retry_after_seconds: 0,
    }
}
