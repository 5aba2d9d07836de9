//! Manifests: rendered ones, the samples and the demo.

use std::path::Path;

use super::{files, refused_with, together, tool};

/// The operator of Prometheus has definitions of its own, which are not here.
const ELSEWHERE: &str = "PrometheusRule,ServiceMonitor";

/// That the samples and the demo have the shape that their kinds have.
pub(super) fn accepted(schemas: &Path) -> Result<(), Vec<String>> {
    let folders = ["k8s/samples", "k8s/demo"].into_iter().flat_map(files);
    together(folders.map(|file| conform(schemas, &file, "")))
}

/// That `text`, or the file if there is none, has the shape that its kinds have.
pub(super) fn conform(schemas: &Path, file: &Path, text: &str) -> Result<(), Vec<String>> {
    let named = schemas.join("{{.Group}}-{{.ResourceKind}}-{{.ResourceAPIVersion}}.json");
    let named = named.display().to_string();
    let mut arguments = vec!["-strict", "-skip", ELSEWHERE, "-schema-location", &named];
    let path = file.display().to_string();
    if text.is_empty() {
        arguments.push(&path);
    }
    let said = tool::run("kubeconform", arguments, text);
    said.map(drop).map_err(|said| vec![format!("{path}: {said}")])
}

/// The same, and that the illegal samples are refused, by a real API server: a dry run, which leaves nothing.
pub(super) fn by_the_server() -> Result<(), Vec<String>> {
    if std::env::var_os("KUBECONFIG").is_none() {
        return Ok(());
    }
    let dry_run = |file: &Path| {
        let path = file.display().to_string();
        tool::run("kubectl", ["apply", "--dry-run=server", "-f", &path], "")
    };
    let legal = ["k8s/samples", "k8s/demo"].into_iter().flat_map(files);
    let legal = legal.map(|file| dry_run(&file).map(drop).map_err(|said| vec![said]));
    let illegal = files("k8s/samples/illegal").into_iter().map(|file| refused_with(&file, dry_run(&file)));
    together(legal.chain(illegal))
}
