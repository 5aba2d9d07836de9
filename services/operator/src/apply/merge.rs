//! Merge patches (RFC 7396): what turns one document into another.

use serde_json::{Map, Value};

/// What, merged into `old`, yields `new`; nothing if they are the same. Lists are replaced whole.
pub(super) fn difference(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return Some(new.clone()) };
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = new.iter().filter_map(|(key, value)| {
        let difference = old.get(key).map_or_else(|| Some(value.clone()), |old| difference(old, value));
        Some((key.clone(), difference?))
    });
    Some(Value::Object(gone.chain(changed).collect::<Map<_, _>>()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_same_needs_no_patch() {
        assert_eq!(difference(&json!({"a": [1]}), &json!({"a": [1]})), None);
    }

    #[test]
    fn what_is_gone_is_removed_and_what_is_new_is_added() {
        let (old, new) = (json!({"a": 1, "b": {"c": 1, "d": 2}}), json!({"b": {"d": 3}, "e": [1]}));
        let expected = json!({"a": null, "b": {"c": null, "d": 3}, "e": [1]});
        assert_eq!(difference(&old, &new), Some(expected));
    }
}
