//! What the operator may do in these tests: what the chart gives it, in the namespaces of scenarios; elsewhere it may look.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use serde_json::{Value, json};

use crate::{Cluster, Failure, cluster::LABEL};

/// Where the operator's account and its lease are.
pub(crate) const NAMESPACE: &str = "e2e-operator";
/// The binding in each scenario's namespace by which the operator may act; without it it may only look, and tell what it sees.
pub(crate) const BINDING: &str = "operator";
const ALL: &str = "switchyard-e2e";
const TELL: &str = "switchyard-e2e-tell";
const LOOK: &str = "switchyard-e2e-look";

/// The chart's own words, so that it is tried whether they are enough.
const CHART: &str = include_str!("../../../charts/operator/templates/rbac.yaml");

/// Makes the account with its rights, and writes a `KUBECONFIG` for it.
pub(crate) async fn grant(cluster: &Cluster, kubeconfig: &Path) -> Result<(), Failure> {
    cluster.kubectl_with(&["apply", "-f", "-"], &manifests()).await?;
    let token = cluster.kubectl(&["create", "token", "operator", "-n", NAMESPACE, "--duration=3h"]).await?;
    let mut config: Value = serde_json::from_str(
        &cluster.kubectl(&["config", "view", "--minify", "--raw", "--flatten", "-o", "json"]).await?,
    )?;
    config["users"][0]["user"] = json!({"token": token.trim()});
    fs::write(kubeconfig, "")?;
    fs::set_permissions(kubeconfig, Permissions::from_mode(0o600))?;
    Ok(fs::write(kubeconfig, config.to_string())?)
}

/// The bindings of a namespace: one by which the operator may act there, and one by which it may tell why it does not.
pub(crate) fn bindings() -> [Value; 2] {
    [binding(BINDING, ALL), binding("operator-tells", TELL)]
}

fn binding(name: &str, role: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": NAMESPACE}],
    })
}

fn manifests() -> String {
    let rules: Vec<&str> =
        CHART.lines().map(str::trim).filter(|line| line.starts_with("- {apiGroups:")).collect();
    let (leases, all): (Vec<&str>, Vec<&str>) = rules.into_iter().partition(|rule| rule.contains("[leases]"));
    let look: Vec<_> = all.iter().filter_map(|rule| only_looking(rule)).collect();
    let tell: Vec<_> = all.iter().copied().filter(|rule| tells(rule)).collect();
    let leases = leases.join("\n").replace("resourceNames: [switchyard-operator], ", "");
    let subject = format!("subjects: [{{kind: ServiceAccount, name: operator, namespace: {NAMESPACE}}}]");
    let head = |kind: &str, meta: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{{meta}, labels: {{{LABEL}: \"true\"}}}}\n"
        )
    };
    let reference = |kind: &str, name: &str| {
        format!("roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}\n{subject}\n")
    };
    [
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}, labels: {{{LABEL}: \"true\"}}}}\n"),
        format!("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: operator, namespace: {NAMESPACE}}}\n"),
        head("ClusterRole", &format!("name: {ALL}")) + "rules:\n" + &all.join("\n") + "\n",
        head("ClusterRole", &format!("name: {TELL}")) + "rules:\n" + &tell.join("\n") + "\n",
        head("ClusterRole", &format!("name: {LOOK}")) + "rules:\n" + &look.join("\n") + "\n",
        head("ClusterRoleBinding", &format!("name: {LOOK}")) + &reference("ClusterRole", LOOK),
        head("Role", &format!("name: lease, namespace: {NAMESPACE}")) + "rules:\n" + &leases + "\n",
        head("RoleBinding", &format!("name: lease, namespace: {NAMESPACE}")) + &reference("Role", "lease"),
    ]
    .concat()
}

/// Whether it is a rule by which the operator says what it sees.
fn tells(rule: &str) -> bool {
    rule.contains("[bluegreens/status]") || rule.contains("[events]")
}

/// A rule without the verbs that change something; none, if no verb is left.
fn only_looking(rule: &str) -> Option<String> {
    let (before, verbs) = rule.split_once("verbs: [")?;
    let verbs = verbs.trim_end_matches("]}").split(", ");
    let look: Vec<_> = verbs.filter(|verb| matches!(*verb, "get" | "list" | "watch")).collect();
    (!look.is_empty()).then(|| format!("{before}verbs: [{}]}}", look.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_only_looks_changes_nothing() {
        let rule = "- {apiGroups: [apps], resources: [deployments], verbs: [get, list, watch, patch]}";
        let look = "- {apiGroups: [apps], resources: [deployments], verbs: [get, list, watch]}";
        assert_eq!(only_looking(rule).as_deref(), Some(look));
        assert_eq!(only_looking("- {apiGroups: [a], resources: [a/status], verbs: [patch]}"), None);
    }

    #[test]
    fn the_rights_are_the_charts() {
        let manifests = manifests();
        assert!(manifests.contains("resources: [bluegreens/status], verbs: [patch]"), "{manifests}");
        assert!(manifests.contains("resources: [services], verbs: [get, list, watch]}"), "{manifests}");
        assert!(!manifests.contains("{{"), "{manifests}");
    }

    #[test]
    fn who_may_only_tell_may_write_status_and_events() {
        let rules: Vec<_> = CHART.lines().filter(|line| tells(line)).collect();
        assert_eq!(rules.len(), 2, "{rules:?}");
    }
}
