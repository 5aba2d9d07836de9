//! The samples of `k8s/`, as the API server sees them: the legal ones are let through and fit together, the illegal ones are refused with
//! the words that their first line has.

mod structure;

use std::{collections::BTreeSet, fs, path::PathBuf};

use kube::CustomResourceExt;
use serde_json::Value;

use self::structure::violations;
use super::{BlueGreen, tests::admitted};

const COLOUR: &str = "switchyard.dev/color";

/// The files of a folder of `k8s/`, by name.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../k8s", folder].iter().collect();
    let paths = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let manifests = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    manifests.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("a file"))).collect()
}

fn objects(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("YAML")
}

/// Wholes by name: each sample is one, and all files of the demo together are.
fn wholes() -> Vec<(String, Vec<Value>)> {
    let samples = files("samples").into_iter().map(|(name, text)| (name, objects(&text)));
    let demo = files("demo").iter().flat_map(|(_, text)| objects(text)).collect();
    samples.chain([("the demo".to_owned(), demo)]).collect()
}

/// What the API server says of a BlueGreen: of its structure first, and of its rules if there is nothing to say of that.
fn refusal(object: &Value) -> Option<String> {
    let definition = serde_json::to_value(BlueGreen::crd()).expect("a definition");
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let found = violations(&schema["properties"]["spec"], &object["spec"], "spec");
    if found.is_empty() { admitted(object).err() } else { Some(found.join("\n")) }
}

fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

#[test]
fn legal_samples_are_let_through() {
    for (name, objects) in wholes() {
        let mut releases = of_kind(&objects, "BlueGreen").peekable();
        assert!(releases.peek().is_some(), "{name} has no BlueGreen");
        for release in releases {
            assert_eq!(refusal(release), None, "{name}");
        }
    }
}

#[test]
fn illegal_samples_are_refused_with_their_words() {
    let files = files("samples/illegal");
    assert!(files.len() > 10);
    for (name, text) in files {
        let words =
            text.lines().next().and_then(|line| line.strip_prefix("# Refused: ")).expect("a first line");
        let said = refusal(&objects(&text)[0]).unwrap_or_else(|| panic!("{name} is let through"));
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn no_sample_has_what_is_the_operators() {
    for (name, objects) in wholes() {
        for deployment in of_kind(&objects, "Deployment") {
            assert_eq!(deployment["spec"].get("replicas"), None, "{name}");
        }
        for service in of_kind(&objects, "Service") {
            assert_eq!(service["spec"]["selector"].get(COLOUR), None, "{name}");
            assert_eq!(service["metadata"]["annotations"]["switchyard.dev/adopt"], "true", "{name}");
        }
    }
}

#[test]
fn what_a_sample_names_is_there_and_fits() {
    for (name, objects) in wholes() {
        for release in of_kind(&objects, "BlueGreen") {
            for workload in release["spec"]["workloads"].as_array().expect("workloads") {
                fits(&name, &objects, workload);
            }
        }
    }
}

/// Both sides carry their colour, and have the labels and ports that each Service asks for besides.
fn fits(name: &str, objects: &[Value], workload: &Value) {
    let named = |kind: &'static str, of: &Value| {
        let found = of_kind(objects, kind).find(|object| object["metadata"]["name"] == *of);
        found.unwrap_or_else(|| panic!("{name}: no {kind} {of}"))
    };
    let switched = workload["services"].as_array().expect("services").iter().map(|service| &service["name"]);
    let services: Vec<_> = switched.chain(workload["preview"].get("service")).collect();
    for colour in ["blue", "green"] {
        let deployment = named("Deployment", &workload[colour]["deployment"]);
        let template = &deployment["spec"]["template"];
        let labels = &template["metadata"]["labels"];
        assert_eq!(labels[COLOUR], *colour, "{name}");
        assert_eq!(deployment["spec"]["selector"]["matchLabels"][COLOUR], *colour, "{name}");
        let ports: BTreeSet<_> = template["spec"]["containers"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|container| container["ports"].as_array().into_iter().flatten())
            .filter_map(|port| port["name"].as_str())
            .collect();
        for service in services.iter().map(|service| &named("Service", service)["spec"]) {
            for (key, value) in service["selector"].as_object().expect("a selector") {
                assert_eq!(labels[key], *value, "{name}");
            }
            for port in service["ports"].as_array().expect("ports") {
                assert!(ports.contains(port["targetPort"].as_str().expect("a name")), "{name}");
            }
        }
    }
}
