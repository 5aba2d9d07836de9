//! Who may do what: this plugin's user, and the operator.

use k8s_openapi::api::authorization::v1::ResourceAttributes;

use super::{Finding, Level};

/// A right: an API group, a resource with its subresource, and a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The API group; the core's is empty.
    pub group: &'static str,
    /// The resource, with its subresource.
    pub resource: &'static str,
    /// The verb.
    pub verb: &'static str,
    /// What cannot be done without it.
    pub purpose: &'static str,
}

/// A resource's group and name, the verbs, and what they are for.
type Rights = (&'static str, &'static str, &'static [&'static str], &'static str);

/// What the verbs of this plugin use.
const USER: &[Rights] = &[
    ("switchyard.dev", "bluegreens", &["get", "list", "watch"], "see where a release is"),
    ("switchyard.dev", "bluegreens", &["patch"], "promote, abort, undo, retry, pause and approve"),
    ("apps", "deployments", &["get", "list", "watch"], "see sizes and images"),
    ("apps", "deployments", &["patch"], "release images"),
    ("", "services", &["get", "list", "watch"], "see where Services point"),
    ("", "services", &["patch"], "adopt Services"),
    ("discovery.k8s.io", "endpointslices", &["list", "watch"], "see endpoints"),
];

/// What the operator uses in the namespaces that it looks after.
const OPERATOR: &[Rights] = &[
    ("switchyard.dev", "bluegreens", &["get", "list", "watch"], "know the wish"),
    ("switchyard.dev", "bluegreens/status", &["patch"], "remember where it is"),
    ("apps", "deployments", &["get", "list", "watch", "patch"], "scale sides"),
    ("apps", "replicasets", &["list", "watch"], "know which pods are of the current template"),
    ("", "services", &["get", "list", "watch", "patch"], "switch"),
    ("", "pods", &["list", "watch"], "know which pods are ready"),
    ("discovery.k8s.io", "endpointslices", &["list", "watch"], "see that a switch has arrived"),
    (
        "autoscaling",
        "horizontalpodautoscalers",
        &["get", "list", "watch", "patch"],
        "keep a side at its size",
    ),
    ("batch", "cronjobs", &["get"], "run `job` gates"),
    ("batch", "jobs", &["get", "create"], "run `job` gates"),
    ("events.k8s.io", "events", &["create"], "tell of transitions"),
];

/// What the verbs of this plugin use.
pub fn of_user() -> impl Iterator<Item = Right> {
    USER.iter().flat_map(each)
}

/// What the operator uses in the namespaces that it looks after.
pub fn of_operator() -> impl Iterator<Item = Right> {
    OPERATOR.iter().flat_map(each)
}

fn each(&(group, resource, verbs, purpose): &'static Rights) -> impl Iterator<Item = Right> {
    verbs.iter().map(move |verb| Right { group, resource, verb, purpose })
}

impl Right {
    /// As the API server is asked for it.
    #[must_use]
    pub fn attributes(&self, namespace: &str) -> ResourceAttributes {
        let (resource, subresource) = match self.resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
            None => (self.resource, None),
        };
        ResourceAttributes {
            group: Some(self.group.to_owned()),
            namespace: Some(namespace.to_owned()),
            resource: Some(resource.to_owned()),
            subresource,
            verb: Some(self.verb.to_owned()),
            ..ResourceAttributes::default()
        }
    }
}

/// What somebody may not do, a finding for each resource and purpose. Without a right of its user a verb of the plugin does not work, which is no
/// obstacle to a release; without one of the operator's there is none.
#[must_use]
pub fn missing(who: &str, level: Level, missing: &[Right]) -> Vec<Finding> {
    let mut findings = Vec::<(Right, Finding)>::new();
    for right in missing {
        let same = |(first, _): &&mut (Right, Finding)| {
            (first.group, first.resource, first.purpose) == (right.group, right.resource, right.purpose)
        };
        if let Some((_, finding)) = findings.iter_mut().find(same) {
            finding.what = finding.what.replacen(" on", &format!(", {} on", right.verb), 1);
            continue;
        }
        let group = if right.group.is_empty() { "the core group" } else { right.group };
        let finding = Finding {
            level,
            about: who.to_owned(),
            what: format!(
                "may not {} on {} ({group}), which it takes to {}",
                right.verb, right.resource, right.purpose
            ),
            todo: "give the right by a Role and a RoleBinding of this namespace".into(),
        };
        findings.push((*right, finding));
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}
