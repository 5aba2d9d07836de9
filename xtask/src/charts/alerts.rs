//! The alerts and the dashboard of the operator.

use std::{collections::BTreeSet, fs};

use super::{together, tool};
use crate::check::root;

const LIST: &str = "docs/operator/metrics.md";
const PREFIX: &str = "switchyard_operator_";

/// That Prometheus takes the alerts, that they fire when they should, and that nobody asks for a metric that there is not.
pub(super) fn accepted() -> Result<(), Vec<String>> {
    let path = |file: &str| root().join("charts/operator").join(file).display().to_string();
    let promtool =
        |arguments: [&str; 3]| tool::run("promtool", arguments, "").map(drop).map_err(|said| vec![said]);
    together([
        promtool(["check", "rules", &path("files/alerts.yaml")]),
        promtool(["test", "rules", &path("ci/alerts/test.yaml")]),
        metrics_are_there(),
    ])
}

fn metrics_are_there() -> Result<(), Vec<String>> {
    let text = |file: &str| fs::read_to_string(root().join(file)).unwrap_or_default();
    let list = text(LIST);
    let listed = names(&list);
    together(["charts/operator/files/alerts.yaml", "charts/operator/files/dashboard.json"].map(|file| {
        let asked = text(file);
        let unknown = names(&asked).into_iter().filter(|name| !listed.contains(family(name)));
        let told = unknown.map(|name| format!("{file}: asks for {name}, which is not in {LIST}"));
        let findings: Vec<_> = told.collect();
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }))
}

/// The names of the operator's metrics in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !word(c)).filter(|found| found.starts_with(PREFIX)).collect()
}

/// The family of a series: a histogram's have ends of their own.
fn family(name: &str) -> &str {
    let ends = ["_bucket", "_count", "_sum"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}
