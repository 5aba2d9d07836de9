//! Who has written which fields: `metadata.managedFields`.
//!
//! A list is one field here, and so is a selector, which the real server too treats as a whole in Services, Deployments and
//! ReplicaSets; the real one tells apart the items of most other lists.

use serde_json::{Map, Value, json};

/// Who writes, and when.
pub(crate) struct By {
    pub(crate) manager: String,
    /// `Update`, or `Apply`.
    pub(crate) operation: &'static str,
    pub(crate) version: String,
    pub(crate) status: bool,
    pub(crate) time: String,
}

impl By {
    /// Whether an entry is of this writer.
    pub(crate) fn is(&self, entry: &Value) -> bool {
        entry["manager"] == *self.manager
            && entry["operation"] == self.operation
            && (entry["subresource"] == "status") == self.status
    }

    pub(crate) fn entry(&self, fields: &Value) -> Value {
        let mut entry = json!({
            "manager": self.manager, "operation": self.operation, "apiVersion": self.version, "time": self.time,
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        if self.status {
            entry["subresource"] = "status".into();
        }
        entry
    }
}

/// Writes down that the fields in which the objects differ are this writer's now, and nobody else's.
pub(crate) fn written(by: &By, old: &Value, new: &mut Value) {
    let changed = of(new).minus_equal(old, new);
    own(by, old, new, &changed, union);
}

/// Writes down that these fields are this writer's, besides what `keep` does with those that it had; those of `changed` nobody
/// else's.
pub(crate) fn own(
    by: &By,
    old: &Value,
    new: &mut Value,
    changed: &Fields,
    keep: impl Fn(&mut Value, &Value),
) {
    let present = of(new);
    let mut entries = vec![];
    let mut mine = changed.0.clone();
    let mut time = None;
    for entry in old["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let mut fields = entry["fieldsV1"].clone();
        intersect(&mut fields, &present.0);
        if by.is(entry) {
            keep(&mut mine, &fields);
            time = (mine == entry["fieldsV1"] && changed.is_empty()).then(|| entry["time"].clone());
            continue;
        }
        subtract(&mut fields, &changed.0);
        if !is_empty(&fields) {
            let mut entry = entry.clone();
            entry["fieldsV1"] = fields;
            entries.push(entry);
        }
    }
    if !is_empty(&mine) {
        let mut entry = by.entry(&mine);
        if let Some(time) = time {
            entry["time"] = time;
        }
        entries.push(entry);
    }
    let unsorted = |entry: &Value| {
        (entry["operation"].to_string(), entry["time"].to_string(), entry["manager"].to_string())
    };
    entries.sort_by_cached_key(unsorted);
    if !entries.is_empty() {
        new["metadata"]["managedFields"] = entries.into();
    }
}

/// A set of fields: `{"f:spec": {"f:selector": {}}}`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fields(pub(crate) Value);

/// All fields that anybody can own.
pub(crate) fn of(object: &Value) -> Fields {
    let mut tree = tree(object);
    if let Some(tree) = tree.as_object_mut() {
        tree.retain(|key, _| !matches!(key.as_str(), "f:kind" | "f:apiVersion"));
        if let Some(metadata) = tree.get_mut("f:metadata").and_then(Value::as_object_mut) {
            let owned = ["f:labels", "f:annotations", "f:finalizers", "f:ownerReferences", "f:generateName"];
            metadata.retain(|key, _| owned.contains(&key.as_str()));
        }
    }
    prune(&mut tree);
    Fields(tree)
}

impl Fields {
    /// Those that differ.
    fn minus_equal(mut self, old: &Value, new: &Value) -> Self {
        drop_equal(&mut self.0, old, new);
        prune(&mut self.0);
        self
    }

    /// Those whose values differ, of these two objects.
    pub(crate) fn differing(&self, old: &Value, new: &Value) -> Self {
        self.clone().minus_equal(old, new)
    }

    /// The paths to the fields.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let mut found = vec![];
        collect(&self.0, &mut vec![], &mut found);
        found
    }

    /// Those that the other set lacks.
    pub(crate) fn minus(mut self, other: &Self) -> Self {
        subtract(&mut self.0, &other.0);
        self
    }

    /// Those that both have.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        intersect(&mut self.0, &other.0);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        is_empty(&self.0)
    }
}

fn tree(value: &Value) -> Value {
    let fields = value.as_object().into_iter().flatten().filter_map(|(key, value)| {
        let whole = !value.is_object() || key == "selector";
        let below = if whole { json!({}) } else { tree(value) };
        // An object without fields is none itself: nobody owns what others may put into it.
        (whole || !is_empty(&below)).then(|| (format!("f:{key}"), below))
    });
    Value::Object(fields.collect())
}

fn drop_equal(fields: &mut Value, old: &Value, new: &Value) {
    let Some(fields) = fields.as_object_mut() else { return };
    fields.retain(|key, below| {
        let name = key.trim_start_matches("f:");
        let (old, new) = (&old[name], &new[name]);
        let leaf = is_empty(below);
        drop_equal(below, old, new);
        if leaf { old != new } else { !is_empty(below) }
    });
}

/// The metadata alone is no field.
fn prune(fields: &mut Value) {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|key, below| key != "f:metadata" || !is_empty(below));
    }
}

fn union(into: &mut Value, other: &Value) {
    for (key, below) in other.as_object().into_iter().flatten() {
        match into.get_mut(key) {
            Some(there) => union(there, below),
            None => into[key] = below.clone(),
        }
    }
}

fn subtract(from: &mut Value, other: &Value) {
    let Some(from) = from.as_object_mut() else { return };
    from.retain(|key, below| match other.get(key) {
        None => true,
        Some(same) if is_empty(below) || is_empty(same) => false,
        Some(other) => {
            subtract(below, other);
            !is_empty(below)
        }
    });
}

fn intersect(fields: &mut Value, other: &Value) {
    let Some(fields) = fields.as_object_mut() else { return };
    fields.retain(|key, below| match other.get(key) {
        None => false,
        Some(_) if is_empty(below) => true,
        Some(other) => {
            intersect(below, other);
            !is_empty(below)
        }
    });
}

fn collect(fields: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, below) in fields.as_object().into_iter().flatten() {
        path.push(key.trim_start_matches("f:").to_owned());
        if is_empty(below) {
            found.push(path.clone());
        } else {
            collect(below, path, found);
        }
        path.pop();
    }
}

fn is_empty(fields: &Value) -> bool {
    fields.as_object().is_none_or(Map::is_empty)
}
