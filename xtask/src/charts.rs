//! `cargo xtask charts`: that the chart, the samples, the demo and the alerts are what Helm, Kubernetes and Prometheus take.
//!
//! Schemas come from Kubernetes' own module and from the types of `rollout`, so that nothing is asked of the network beyond Go's proxy. Where
//! `KUBECONFIG` names a cluster that has the resource's definition, its API server is asked as well (a dry run: nothing is left there).

mod alerts;
mod chart;
mod manifests;
mod rights;
mod schemas;
mod tool;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::check::root;

/// The version of Kubernetes whose schemas are asked, and for which the chart is rendered.
const KUBERNETES: &str = "1.34.4";

/// Tries all of them.
///
/// # Errors
/// What is wrong, one finding each; or which tool is missing.
pub(crate) fn run() -> Result<(), Vec<String>> {
    let schemas = schemas::made().map_err(|error| vec![error])?;
    together([
        chart::accepted(&schemas),
        chart::refused(),
        rights::are_those_that_are_listed(),
        manifests::accepted(&schemas),
        manifests::by_the_server(),
        alerts::accepted(),
    ])
}

/// The YAML files of a folder of the repository, in their order.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    files.sort();
    files
}

/// The words that refuse a file, which its first line has.
fn words(file: &Path) -> Result<String, Vec<String>> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let words = text.lines().next().and_then(|line| line.strip_prefix("# Refused: "));
    words
        .map(str::to_owned)
        .ok_or_else(|| vec![format!("{}: does not begin with `# Refused: `", file.display())])
}

/// That what was tried was refused with these words.
fn refused_with(file: &Path, tried: Result<String, String>) -> Result<(), Vec<String>> {
    let words = words(file)?;
    match tried {
        Ok(_) => Err(vec![format!("{}: is not refused", file.display())]),
        Err(said) if said.contains(&words) => Ok(()),
        Err(said) => Err(vec![format!("{}: is refused with other words: {said}", file.display())]),
    }
}

/// All findings of all of them.
fn together(results: impl IntoIterator<Item = Result<(), Vec<String>>>) -> Result<(), Vec<String>> {
    let findings: Vec<_> = results.into_iter().filter_map(Result::err).flatten().collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
