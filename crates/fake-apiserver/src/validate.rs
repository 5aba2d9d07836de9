//! What the server demands of an object, as far as somebody who switches, scales or leads could fail to keep it.

use kube::core::{Status, response::StatusCause};
use serde_json::{Map, Value};

use crate::{Resource, refusal};

/// Refuses what is not as it must be.
pub(crate) fn check(
    resource: &Resource,
    name: &str,
    old: Option<&Value>,
    new: &Value,
) -> Result<(), Box<Status>> {
    let mut causes = metadata(old, new);
    if *resource == Resource::DEPLOYMENTS {
        causes.extend(deployment(old, new));
    } else if *resource == Resource::SERVICES {
        causes.extend(service(new));
    } else if *resource == Resource::AUTOSCALERS {
        causes.extend(autoscaler(new));
    } else if *resource == Resource::LEASES {
        causes.extend(lease(new));
    }
    if causes.is_empty() { Ok(()) } else { Err(refusal::unprocessable(resource, name, causes)) }
}

/// Whether the texts and numbers that are looked at are what they are called.
pub(crate) fn is_of_its_types(object: &Value) -> bool {
    let texts = ["/metadata/labels", "/metadata/annotations", "/data", "/spec/selector/matchLabels"];
    let numbers = ["/spec/replicas", "/spec/minReplicas", "/spec/maxReplicas", "/spec/leaseDurationSeconds"];
    let are_texts = |value: &Value| {
        value.is_null() || value.as_object().is_some_and(|all| all.values().all(Value::is_string))
    };
    let is_number = |value: &Value| value.is_null() || value.is_i64();
    texts.iter().all(|pointer| object.pointer(pointer).is_none_or(are_texts))
        && numbers.iter().all(|pointer| object.pointer(pointer).is_none_or(is_number))
}

fn cause(reason: &str, field: &str, message: &str) -> StatusCause {
    StatusCause { reason: reason.to_owned(), message: message.to_owned(), field: field.to_owned() }
}

fn invalid(field: &str, message: &str) -> StatusCause {
    cause("FieldValueInvalid", field, message)
}

fn metadata(old: Option<&Value>, new: &Value) -> Vec<StatusCause> {
    let metadata = &new["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let mut causes = vec![];
    if old.is_none() && !is_subdomain(name) {
        causes.push(invalid(
            "metadata.name",
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'",
        ));
    }
    if !pairs(&metadata["labels"]).all(|(key, value)| is_qualified(key) && is_label(value)) {
        causes.push(invalid(
            "metadata.labels",
            "a valid label must consist of alphanumeric characters, '-', '_' or '.'",
        ));
    }
    if !pairs(&metadata["annotations"]).all(|(key, _)| is_qualified(key)) {
        causes.push(invalid(
            "metadata.annotations",
            "name part must consist of alphanumeric characters, '-', '_' or '.'",
        ));
    }
    let finalizers =
        |object: &Value| object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if let Some(old) = old.filter(|old| !old["metadata"]["deletionTimestamp"].is_null())
        && finalizers(new).iter().any(|one| !finalizers(old).contains(one))
    {
        let message = "no new finalizers can be added if the object is being deleted";
        causes.push(cause("FieldValueForbidden", "metadata.finalizers", message));
    }
    causes
}

fn deployment(old: Option<&Value>, new: &Value) -> Vec<StatusCause> {
    let spec = &new["spec"];
    let mut causes = vec![];
    if spec["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        causes.push(invalid("spec.replicas", "must be greater than or equal to 0"));
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if !pairs(&spec["selector"]["matchLabels"]).all(|(key, value)| labels[key] == value) {
        let message = "`selector` does not match template `labels`";
        causes.push(invalid("spec.template.metadata.labels", message));
    }
    if old.is_some_and(|old| old["spec"]["selector"] != spec["selector"]) {
        causes.push(invalid("spec.selector", "field is immutable"));
    }
    causes
}

fn service(new: &Value) -> Vec<StatusCause> {
    let spec = &new["spec"];
    let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let mut causes = vec![];
    if ports.is_empty() && spec["type"] != "ExternalName" && spec["clusterIP"] != "None" {
        causes.push(cause("FieldValueRequired", "spec.ports", "Required value"));
    }
    let unnamed =
        ports.iter().enumerate().filter(|(_, port)| port["name"].as_str().is_none_or(str::is_empty));
    let unnamed = unnamed.filter(|_| ports.len() > 1);
    causes.extend(unnamed.map(|(index, _)| {
        cause("FieldValueRequired", &format!("spec.ports[{index}].name"), "Required value")
    }));
    if !pairs(&spec["selector"]).all(|(key, value)| is_qualified(key) && is_label(value)) {
        causes.push(invalid(
            "spec.selector",
            "a valid label must consist of alphanumeric characters, '-', '_' or '.'",
        ));
    }
    causes
}

fn autoscaler(new: &Value) -> Option<StatusCause> {
    let number = |field: &str| new["spec"][field].as_i64().unwrap_or(1);
    let message = "must be greater than or equal to `minReplicas`";
    (number("maxReplicas") < number("minReplicas")).then(|| invalid("spec.maxReplicas", message))
}

fn lease(new: &Value) -> Option<StatusCause> {
    let none = new["spec"]["leaseDurationSeconds"].as_i64().is_some_and(|seconds| seconds <= 0);
    none.then(|| invalid("spec.leaseDurationSeconds", "must be greater than 0"))
}

fn pairs(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let fields = object.as_object().into_iter().flat_map(Map::iter);
    fields.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

fn is_subdomain(name: &str) -> bool {
    let is_part = |part: &str| {
        let inner = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
        !part.is_empty() && part.bytes().all(inner) && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_part)
}

/// A name, which may stand behind a domain.
fn is_qualified(key: &str) -> bool {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    domain.is_none_or(is_subdomain) && !name.is_empty() && is_label(name)
}

fn is_label(value: &str) -> bool {
    let inner = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_' | b'.');
    let ends = |sign: Option<&u8>| sign.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    bytes.len() <= 63 && bytes.iter().copied().all(inner) && ends(bytes.first()) && ends(bytes.last())
}
