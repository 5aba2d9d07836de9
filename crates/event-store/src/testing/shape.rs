//! The form of a state, as text.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// A text that changes when the form of these states does: which fields there are, nested ones included, and of what
/// kind. A test compares it with [`STATE_SCHEMA`](crate::EventSourced::STATE_SCHEMA), so that a snapshot of another form
/// is never taken for one of this; that the *meaning* of a field has changed it cannot know.
///
/// The states are best so many that every field has a value in one of them.
///
/// # Panics
/// A state has no JSON form.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
pub fn shape<S: Serialize>(states: &[S]) -> String {
    let mut paths = BTreeSet::new();
    for state in states {
        collect("", &serde_json::to_value(state).unwrap(), &mut paths);
    }
    let text = paths.into_iter().collect::<Vec<_>>().join("\n");
    format!("{:016x}", crate::snapshots::fingerprint(&text))
}

fn collect(path: &str, value: &Value, paths: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => return,
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => {
            items.iter().for_each(|item| collect(&format!("{path}[]"), item, paths));
            "list"
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| collect(&format!("{path}.{name}"), field, paths));
            "object"
        }
    };
    paths.insert(format!("{path}: {kind}"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_shape_changes_with_a_field_and_not_with_its_value() {
        let one = shape(&[json!({"a": 1, "b": [{"c": null}]}), json!({"b": [{"c": "x"}]})]);
        assert_eq!(one, shape(&[json!({"a": 7, "b": [{"c": "y"}, {"c": "z"}]})]));
        assert_ne!(one, shape(&[json!({"a": 1, "b": [{"c": 1}]})]));
        assert_ne!(one, shape(&[json!({"a": 1, "b": [{"c": "x", "d": 1}]})]));
    }
}
