//! JSON Schemas of every kind of Kubernetes, strict: a field that a kind does not have is an error.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use super::{KUBERNETES, tool};
use crate::check::root;

const REFERENCE: &str = "#/definitions/";

/// Where the schemas are, which are made if they are not there yet. That of this project's own resource is always made anew.
///
/// # Errors
/// Kubernetes' module cannot be had.
pub(super) fn made() -> Result<PathBuf, String> {
    let folder = root().join("target/kubernetes").join(KUBERNETES);
    if !folder.join("complete").is_file() {
        fs::create_dir_all(&folder).map_err(|error| format!("making {}: {error}", folder.display()))?;
        of_kubernetes(&folder)?;
        write(&folder.join("complete"), "")?;
    }
    write(&folder.join("switchyard.dev-bluegreen-v1alpha1.json"), &own()?.to_string())?;
    Ok(folder)
}

fn of_kubernetes(folder: &Path) -> Result<(), String> {
    let module = format!("k8s.io/kubernetes@v{KUBERNETES}");
    let answer = tool::run("go", ["mod", "download", "-json", &module], "")?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let directory = answer["Dir"].as_str().ok_or_else(|| format!("{module} is nowhere"))?;
    let file = Path::new(directory).join("api/openapi-spec/swagger.json");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let described: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let Some(definitions) = described["definitions"].as_object() else {
        return Err("no definitions".to_owned());
    };
    let definitions: Map<String, Value> =
        definitions.iter().map(|(name, schema)| (name.clone(), strict(schema))).collect();
    for (name, schema) in &definitions {
        for kind in schema["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
            let text = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
            let (version, kind) = (text("version"), text("kind").to_lowercase());
            // kubeconform's name of the group that has none is its version.
            let group =
                Some(text("group")).filter(|group| !group.is_empty()).unwrap_or_else(|| version.clone());
            let whole =
                json!({ "$ref": format!("{REFERENCE}{name}"), "definitions": needed(name, &definitions) });
            write(&folder.join(format!("{group}-{kind}-{version}.json")), &whole.to_string())?;
        }
    }
    Ok(())
}

/// What a definition refers to, itself included.
fn needed<'a>(name: &'a str, definitions: &'a Map<String, Value>) -> BTreeMap<&'a str, &'a Value> {
    let (mut found, mut open) = (BTreeMap::new(), vec![name]);
    while let Some(name) = open.pop() {
        let Some(schema) = definitions.get(name) else { continue };
        if found.insert(name, schema).is_none() {
            references(schema, &mut open);
        }
    }
    found
}

fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(fields) => {
            found
                .extend(fields.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix(REFERENCE)));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The same, without descriptions, in which an object has no fields but those that are listed.
fn strict(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    let mut strict = Map::new();
    for (key, value) in fields.iter().filter(|(key, _)| *key != "description") {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, schema)| (name.clone(), self::strict(schema))).collect()
            }
            ("items" | "additionalProperties", schema) => self::strict(schema),
            _ => value.clone(),
        };
        strict.insert(key.clone(), value);
    }
    if strict.contains_key("properties") && !strict.contains_key("additionalProperties") {
        strict.insert("additionalProperties".to_owned(), false.into());
    }
    if fields.get("format").is_some_and(|format| format == "int-or-string") {
        strict.insert("type".to_owned(), json!(["string", "integer"]));
    }
    Value::Object(strict)
}

/// The schema of the resource: the API server knows of the first three fields by itself.
fn own() -> Result<Value, String> {
    let definition = serde_json::to_value(rollout::BlueGreen::crd()).map_err(|error| error.to_string())?;
    let mut schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    for (field, of) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
        schema["properties"][field] = json!({ "type": of });
    }
    Ok(strict(&schema))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("writing {}: {error}", file.display()))
}
