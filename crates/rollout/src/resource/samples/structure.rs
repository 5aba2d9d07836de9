//! What of a structural schema the definition uses, with the words that the API server has for what violates it.

use serde_json::Value;

/// What is wrong with `value`, which stands at `at`.
pub(super) fn violations(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = own(schema, value, at);
    if let Some(object) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(
            required
                .filter(|name| !object.contains_key(*name))
                .map(|name| format!("{at}.{name}: Required value")),
        );
        for (name, field) in object {
            match schema["properties"].get(name) {
                Some(schema) => found.extend(violations(schema, field, &format!("{at}.{name}"))),
                None => found.push(format!("unknown field \"{at}.{name}\"")),
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(violations(&schema["items"], item, &format!("{at}[{index}]")));
    }
    found
}

fn own(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let invalid = |what: String| format!("{at}: Invalid value: {value}: {at} in body should {what}");
    let mut found = vec![];
    if let Some(of) = schema["type"].as_str().filter(|of| !is(of, value)) {
        found.push(format!("{at}: Invalid value: {at} in body must be of type {of}: {value}"));
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        let allowed: Vec<_> = allowed.iter().map(Value::to_string).collect();
        found.push(format!("{at}: Unsupported value: {value}: supported values: {}", allowed.join(", ")));
    }
    if let Some(number) = value.as_f64() {
        found.extend(
            bound("minimum")
                .filter(|least| number < *least)
                .map(|least| invalid(format!("be greater than or equal to {least}"))),
        );
        found.extend(
            bound("maximum")
                .filter(|most| number > *most)
                .map(|most| invalid(format!("be less than or equal to {most}"))),
        );
    }
    if let Some(text) = value.as_str() {
        let pattern = schema["pattern"].as_str().map(|pattern| regex::Regex::new(pattern).expect(pattern));
        found.extend(
            pattern
                .filter(|pattern| !pattern.is_match(text))
                .map(|pattern| invalid(format!("match '{pattern}'"))),
        );
    }
    let size = value.as_array().map(Vec::len).or_else(|| value.as_str().map(|text| text.chars().count()));
    if let Some(size) = size.and_then(|size| u32::try_from(size).ok()).map(f64::from) {
        let counted = |what: &str| format!("{at}: Invalid value: {size}: {at} in body should {what}");
        for (least, most, unit) in
            [("minItems", "maxItems", "items"), ("minLength", "maxLength", "chars long")]
        {
            found.extend(
                bound(least)
                    .filter(|least| size < *least)
                    .map(|least| counted(&format!("have at least {least} {unit}"))),
            );
            found.extend(
                bound(most)
                    .filter(|most| size > *most)
                    .map(|most| counted(&format!("have at most {most} {unit}"))),
            );
        }
    }
    found
}

fn is(of: &str, value: &Value) -> bool {
    match of {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        _ => value.is_number(),
    }
}
