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
    let message = format!("{} \"{name}\" is forbidden: {why}", resource.qualified());
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
    let text = format!("{} \"{name}\" is invalid: {field}: {message}", resource.qualified());
    let details = StatusDetails { causes: vec![cause], ..details(name, &resource.group, &resource.plural) };
    Status::failure(&text, "Invalid").with_code(422).with_details(details).boxed()
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
