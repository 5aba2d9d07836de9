//! The headers of requests, each told once.

use chassis::context::IDEMPOTENCY_KEY;
use utoipa::openapi::{
    ObjectBuilder, RefOr, Required, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
};

/// Names as they are written, and what they mean.
const KNOWN: [(&str, &str); 4] = [
    (
        "Idempotency-Key",
        "The same key with the same body gives the first answer again; with another body it is 422. Kept for 24 hours.",
    ),
    ("If-Match", "The version that was seen, as `ETag` told it; 412 if it is another one by now."),
    ("Prefer", "`wait=SECONDS`, at most 30: how long to wait for the outcome."),
    ("Last-Event-ID", "The last event that was seen; the stream goes on after it."),
];

/// Writes a header's name as it is known, and tells what it means.
pub(super) fn describe(parameter: &mut Parameter) {
    let known = KNOWN.iter().find(|(name, _)| name.eq_ignore_ascii_case(&parameter.name));
    if let Some((name, meaning)) = known {
        parameter.name = (*name).to_owned();
        parameter.description = Some((*meaning).to_owned());
    }
}

pub(super) fn is_idempotency_key(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name.eq_ignore_ascii_case(IDEMPOTENCY_KEY.as_str()))
}

pub(super) fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let parameter = ParameterBuilder::new().name(IDEMPOTENCY_KEY.as_str()).parameter_in(ParameterIn::Header);
    let mut parameter = parameter.required(Required::False).schema(Some(text)).build();
    describe(&mut parameter);
    parameter
}
