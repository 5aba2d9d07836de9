//! What holds for every call, so that no service has to say it.

use utoipa::openapi::{
    Content, PathItem, Ref, RefOr, ResponseBuilder,
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
    let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
    let id = operation.operation_id.take().unwrap_or_default();
    // Each service names its handlers as it likes; in one document `list` alone would stand there five times.
    operation.operation_id = Some(format!("{tag}.{id}"));

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

    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let problem = ResponseBuilder::new()
        .description("Why it was not done")
        .content(contracts::problem::MEDIA_TYPE, content);
    operation.responses.responses.entry("default".to_owned()).or_insert(RefOr::T(problem.build()));
}
