//! What holds for every call, so that no service has to say it.

use axum::http::StatusCode;
use contracts::problem::MEDIA_TYPE;
use utoipa::openapi::{
    Content, PathItem, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, ParameterIn},
};

use super::headers;

/// The operations of a path, with their methods.
pub(super) fn of(item: &mut PathItem) -> [(&'static str, &mut Option<Operation>); 5] {
    [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ]
}

/// A name of its own, headers that are told the same way everywhere, and the answer to whatever goes wrong.
pub(super) fn complete(operation: &mut Operation, method: &str) {
    // Each service names its handlers as it likes; in one document `list` alone would stand there five times.
    let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
    let id = operation.operation_id.take().unwrap_or_default();
    let bare = id.strip_prefix(&format!("{tag}.")).unwrap_or(&id);
    operation.operation_id = Some(format!("{tag}.{bare}"));

    let parameters = operation.parameters.get_or_insert_default();
    for parameter in &mut *parameters {
        if let RefOr::T(parameter) = parameter
            && parameter.parameter_in == ParameterIn::Header
        {
            headers::describe(parameter);
        }
    }
    if method == "POST" && !parameters.iter().any(headers::is_idempotency_key) {
        parameters.push(RefOr::T(headers::idempotency_key()));
    }

    let responses = &mut operation.responses.responses;
    responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(problem()));
    for (status, response) in responses {
        if let RefOr::T(response) = response {
            describe(status, response);
        }
    }
}

fn problem() -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description("Why it was not done").content(MEDIA_TYPE, content).build()
}

/// What OpenAPI demands of every response: a description, and the media type that is really sent.
fn describe(status: &str, response: &mut Response) {
    let status: Option<StatusCode> = status.parse().ok();
    if response.description.is_empty() {
        response.description =
            status.and_then(|status| status.canonical_reason()).unwrap_or_default().to_owned();
    }
    if status.is_some_and(|status| status.as_u16() >= 400)
        && let Some(problem) = response.content.shift_remove("application/json")
    {
        response.content.insert(MEDIA_TYPE.to_owned(), problem);
    }
}
