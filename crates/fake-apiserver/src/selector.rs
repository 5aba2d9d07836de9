//! Which objects a request is about: by namespace, labels and fields.

use kube::core::Status;
use serde_json::Value;

use crate::{Resource, refusal::bad_request};

/// Which objects a request is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    namespace: Option<String>,
    labels: Vec<Label>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Label {
    key: String,
    /// Any of these, if there are some; else it is enough that the label is there.
    values: Vec<String>,
    negated: bool,
}

#[derive(Clone, Debug)]
struct Field {
    pointer: String,
    value: String,
    negated: bool,
}

impl Filter {
    pub(crate) fn new(namespace: Option<&str>, labels: &str, fields: &str) -> Result<Self, Box<Status>> {
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            labels: requirements(labels).map(label).collect::<Result<_, _>>()?,
            fields: requirements(fields).map(field).collect::<Result<_, _>>()?,
        })
    }

    /// A field by which objects of this kind are not selected.
    pub(crate) fn unsupported(&self, resource: &Resource) -> Option<&str> {
        let more = [Resource::PODS, Resource::EVENTS, Resource::JOBS, Resource::REPLICA_SETS];
        let fields = self.fields.iter().map(|field| field.pointer.as_str());
        let mut others =
            fields.filter(|pointer| !matches!(*pointer, "/metadata/name" | "/metadata/namespace"));
        others.next().filter(|_| !more.contains(resource))
    }

    /// Whether it leaves out some of a namespace.
    pub(crate) fn selects(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        self.namespace.as_ref().is_none_or(|namespace| metadata["namespace"] == **namespace)
            && self.labels.iter().all(|label| label.holds(metadata["labels"][&label.key].as_str()))
            && self.fields.iter().all(|field| field.holds(object))
    }
}

impl Label {
    fn holds(&self, value: Option<&str>) -> bool {
        let found =
            value.is_some_and(|value| self.values.is_empty() || self.values.iter().any(|one| one == value));
        found != self.negated
    }
}

impl Field {
    fn holds(&self, object: &Value) -> bool {
        let value = object.pointer(&self.pointer).and_then(Value::as_str).unwrap_or_default();
        (value == self.value) != self.negated
    }
}

/// What the commas separate that are not within brackets.
fn requirements(selector: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let split = selector.split(move |character| {
        depth += i32::from(character == '(') - i32::from(character == ')');
        character == ',' && depth == 0
    });
    split.map(str::trim).filter(|requirement| !requirement.is_empty())
}

fn label(text: &str) -> Result<Label, Box<Status>> {
    let one = |key: &str, values: Vec<String>, negated| {
        let key = key.trim().to_owned();
        if key.is_empty() || key.contains(['(', ')', ' ', '=', '!']) {
            return Err(bad_request(&format!("unable to parse requirement: {text}")));
        }
        Ok(Label { key, values, negated })
    };
    if let Some((key, set)) = text.split_once(" notin ") {
        return one(key, set_of(set), true);
    }
    if let Some((key, set)) = text.split_once(" in ") {
        return one(key, set_of(set), false);
    }
    if let Some((key, value)) = text.split_once("!=") {
        return one(key, vec![value.trim().to_owned()], true);
    }
    match text.split_once('=') {
        Some((key, value)) => one(key, vec![value.trim_start_matches('=').trim().to_owned()], false),
        None => one(text.trim_start_matches('!'), vec![], text.starts_with('!')),
    }
}

fn set_of(text: &str) -> Vec<String> {
    let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
    inner.split(',').map(|value| value.trim().to_owned()).collect()
}

fn field(text: &str) -> Result<Field, Box<Status>> {
    let Some((path, value)) = text.split_once('=') else {
        return Err(bad_request(&format!("invalid selector: '{text}'; can't understand '{text}'")));
    };
    let (path, negated) = path.strip_suffix('!').map_or((path, false), |path| (path, true));
    let pointer = format!("/{}", path.replace('.', "/"));
    Ok(Field { pointer, value: value.trim_start_matches('=').to_owned(), negated })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(labels: &str, fields: &str) -> bool {
        let object = json!({
            "metadata": {"name": "a", "namespace": "n", "labels": {"app": "shop", "x/color": "blue"}},
            "spec": {"nodeName": "one"},
        });
        Filter::new(Some("n"), labels, fields).is_ok_and(|filter| filter.matches(&object))
    }

    #[test]
    fn labels_select_by_equality_by_set_and_by_being_there() {
        for selector in [
            "app=shop",
            "app==shop,x/color=blue",
            "x/color in (green, blue)",
            "app",
            "!other",
            "app!=x",
            "o!=x",
        ] {
            assert!(matches(selector, ""), "{selector}");
        }
        for selector in
            ["app=x", "app=shop,x/color=green", "x/color notin (green,blue)", "!app", "other", "app!=shop"]
        {
            assert!(!matches(selector, ""), "{selector}");
        }
    }

    #[test]
    fn fields_select_by_their_path() {
        assert!(matches("", "metadata.name=a,spec.nodeName!=two"));
        assert!(!matches("", "metadata.name=b"));
    }

    #[test]
    fn what_is_no_selector_is_a_bad_request() {
        assert!(Filter::new(None, "a b", "").is_err());
        assert!(Filter::new(None, "", "metadata.name").is_err());
    }
}
