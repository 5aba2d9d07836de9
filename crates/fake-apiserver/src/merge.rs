//! Merge patches, as [RFC 7396](https://www.rfc-editor.org/rfc/rfc7396) has them.

use serde_json::{Map, Value};

/// Changes what the patch names: `null` removes, an object goes deeper, anything else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, change) in patch {
        if change.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_removes_by_null_goes_into_objects_and_replaces_everything_else() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1, 2], "e": "gone"});
        merge(&mut target, &json!({"a": {"b": null, "x": {"y": null, "z": 3}}, "d": [9], "e": null}));
        assert_eq!(target, json!({"a": {"c": 2, "x": {"z": 3}}, "d": [9]}));
    }
}
