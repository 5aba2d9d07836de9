//! The resource's schema, as the API server holds a status against it.

use std::sync::LazyLock;

use kube::CustomResourceExt;
use rollout::{BlueGreen, Status};
use serde_json::Value;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let definition = serde_json::to_value(BlueGreen::crd()).expect("a definition");
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"].clone()
});

/// What the API server would object to.
pub(crate) fn objections(status: &Status) -> Vec<String> {
    let mut found = vec![];
    check(&SCHEMA, &serde_json::to_value(status).expect("a status"), "status", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let most = |key: &str, length: usize| {
        schema[key].as_u64().is_some_and(|most| u64::try_from(length).is_ok_and(|length| length > most))
    };
    let fits = match (schema["type"].as_str(), value) {
        (Some("string"), Value::String(text)) => !most("maxLength", text.chars().count()),
        (Some("array"), Value::Array(items)) => !most("maxItems", items.len()),
        (Some("integer"), Value::Number(number)) => number.is_i64(),
        (Some("boolean"), Value::Bool(_)) | (Some("object"), Value::Object(_)) => true,
        _ => false,
    };
    let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    if !fits || !listed {
        found.push(format!("{at}: {value}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(&schema["items"], item, &format!("{at}[{index}]"), found);
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        check(&schema["properties"][name], field, &format!("{at}.{name}"), found);
    }
}
