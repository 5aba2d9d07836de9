//! The alerts of the operator.

use super::tool;
use crate::check::root;

/// That Prometheus takes them, and that they fire when they should: `charts/operator/ci/alerts/test.yaml` has the cases.
pub(super) fn accepted() -> Result<(), Vec<String>> {
    let path = |file: &str| root().join("charts/operator").join(file).display().to_string();
    let checked = tool::run("promtool", ["check", "rules", &path("files/alerts.yaml")], "");
    let tested = tool::run("promtool", ["test", "rules", &path("ci/alerts/test.yaml")], "");
    let findings: Vec<_> = [checked, tested].into_iter().filter_map(Result::err).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
