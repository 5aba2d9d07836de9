//! The chart, with every set of values in its folder `ci`.

use std::{fs, path::Path};

use super::{KUBERNETES, files, manifests, refused_with, together, tool};
use crate::check::root;

const CHART: &str = "charts/operator";

/// That it lints, renders and has the shape that Kubernetes knows.
pub(super) fn accepted(schemas: &Path) -> Result<(), Vec<String>> {
    let linted = tool::run("helm", ["lint", "--strict", "--quiet", &path(CHART)], "");
    let linted = linted.map(drop).map_err(|said| vec![said]);
    let rendered = files("charts/operator/ci").into_iter().map(|values| {
        let text = render(&values, None).map_err(|said| vec![format!("{}: {said}", values.display())])?;
        manifests::conform(schemas, &values, &text)
    });
    together([linted, same_version()].into_iter().chain(rendered))
}

/// That its schema refuses what cannot be.
pub(super) fn refused() -> Result<(), Vec<String>> {
    together(
        files("charts/operator/ci/refused")
            .into_iter()
            .map(|values| refused_with(&values, render(&values, None))),
    )
}

/// What one template makes of everything that can be on.
pub(super) fn rendered(template: &str) -> Result<String, String> {
    render(&root().join(CHART).join("ci/everything-values.yaml"), Some(template))
}

/// What is applied with these values: all of it, or what is of one template.
fn render(values: &Path, template: Option<&str>) -> Result<String, String> {
    let (chart, values) = (path(CHART), values.display().to_string());
    let of = [
        "template",
        "switchyard",
        &chart,
        "--namespace",
        "switchyard",
        "--kube-version",
        KUBERNETES,
        "--values",
        &values,
    ];
    let only = template.into_iter().flat_map(|template| ["--show-only", template]);
    tool::run("helm", of.into_iter().chain(only), "")
}

/// That the chart names the version that the workspace has.
fn same_version() -> Result<(), Vec<String>> {
    let text = |file: &str| fs::read_to_string(root().join(file)).unwrap_or_default();
    let of = |text: &str, before: &str| {
        let line =
            text.lines().find_map(|line| line.strip_prefix(before)?.split('"').next().map(str::to_owned));
        line.unwrap_or_default()
    };
    let (workspace, chart) =
        (of(&text("Cargo.toml"), "version = \""), of(&text("charts/operator/Chart.yaml"), "appVersion: \""));
    if workspace == chart {
        Ok(())
    } else {
        Err(vec![format!("the chart's appVersion is {chart}, the workspace's {workspace}")])
    }
}

fn path(folder: &str) -> String {
    root().join(folder).display().to_string()
}
