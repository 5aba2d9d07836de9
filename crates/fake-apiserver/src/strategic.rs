//! Strategic merge patches: lists whose items have a key are merged by it.

use serde_json::{Map, Value};

/// Changes what the patch names, as [`merge`](crate::merge::merge) does, but for those lists.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() || patch.get("$patch").is_some_and(|directive| directive == "replace") {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (field, change) in patch.iter().filter(|(field, _)| !field.starts_with('$')) {
        if change.is_null() {
            target.remove(field);
            continue;
        }
        let there = target.entry(field).or_insert(Value::Null);
        match change.as_array().and_then(|items| Some((items, key(field, items)?))) {
            Some((items, key)) => *there = merged(there, items, key),
            None => merge(there, change),
        }
    }
}

/// What the items of a list are told apart by; nothing if it is replaced as a whole.
fn key(field: &str, items: &[Value]) -> Option<&'static str> {
    match field {
        "containers" | "initContainers" | "volumes" | "env" | "imagePullSecrets" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "conditions" => Some("type"),
        "ownerReferences" => Some("uid"),
        "ports" if items.iter().any(|item| item.get("containerPort").is_some()) => Some("containerPort"),
        "ports" => Some("port"),
        _ => None,
    }
}

/// What is new comes first, and what was there stays in its order.
fn merged(there: &Value, items: &[Value], key: &str) -> Value {
    let mut known = there.as_array().cloned().unwrap_or_default();
    let mut new = vec![];
    for item in items {
        let same = known.iter().position(|one| one[key] == item[key]);
        match (same, item["$patch"] == "delete") {
            (Some(index), true) => drop(known.remove(index)),
            (Some(index), false) => merge(&mut known[index], item),
            (None, true) => {}
            (None, false) => new.push(item.clone()),
        }
    }
    new.into_iter().chain(known).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_are_merged_by_their_key_added_and_deleted() {
        let mut target = json!({"containers": [{"name": "a", "image": "1", "args": [1]}, {"name": "b"}]});
        let items = json!([{"name": "a", "image": "2"}, {"name": "b", "$patch": "delete"}, {"name": "c"}]);
        merge(&mut target, &json!({"containers": items}));
        let expected = json!({"containers": [{"name": "c"}, {"name": "a", "image": "2", "args": [1]}]});
        assert_eq!(target, expected);
    }

    #[test]
    fn what_has_no_key_is_replaced_and_so_is_what_says_so() {
        let mut target = json!({"args": [1, 2], "strategy": {"type": "x", "rolling": {}}, "gone": 1});
        let patch = json!({"args": [3], "strategy": {"$patch": "replace", "type": "y"}, "gone": null});
        merge(&mut target, &patch);
        assert_eq!(target, json!({"args": [3], "strategy": {"type": "y"}}));
    }
}
