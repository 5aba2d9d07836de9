//! Who else writes a field, and would write it back: Helm at its next upgrade, a GitOps manager within minutes.

use std::fmt;

use k8s_openapi::{
    api::apps::v1::Deployment,
    apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta},
};
use rollout::BlueGreen;
use serde_json::Value;

use super::{Object, Patch, Refusal};

/// Who keeps an object as it stands in a repository or chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    tool: &'static str,
    /// Its own name for what it keeps.
    of: Option<String>,
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.tool)?;
        self.of.as_ref().map_or(Ok(()), |of| write!(formatter, " ({of})"))
    }
}

/// What tells of a tool: an annotation or label of what it keeps.
const MARKS: [(&str, &str); 4] = [
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("meta.helm.sh/release-name", "Helm"),
];

/// The names under which they write.
const MANAGERS: [(&str, &str); 7] = [
    ("argocd-controller", "Argo CD"),
    ("argocd-application-controller", "Argo CD"),
    ("argocd-server", "Argo CD"),
    ("kustomize-controller", "Flux"),
    ("helm-controller", "Flux"),
    ("helm", "Helm"),
    ("Helm", "Helm"),
];

/// Who keeps the field at this path, such as `["spec", "active"]`: the tool that the object's marks tell of, or one that is among
/// the field's managers.
///
/// A mark alone counts too: a tool's next change of the object writes the field back even if somebody else wrote it last.
#[must_use]
pub fn owner(meta: &ObjectMeta, path: &[&str]) -> Option<Owner> {
    let texts = [meta.annotations.as_ref(), meta.labels.as_ref()];
    let mark = |name: &str| texts.iter().flatten().find_map(|texts| texts.get(name)).cloned();
    if let Some((of, tool)) = MARKS.iter().find_map(|(name, tool)| Some((mark(name)?, *tool))) {
        return Some(Owner { tool, of: Some(of) });
    }
    let entries = meta.managed_fields.iter().flatten();
    let manager = entries.filter(|entry| has(entry, path)).filter_map(|entry| entry.manager.as_deref());
    manager
        .filter_map(|name| MANAGERS.iter().find(|(known, _)| *known == name))
        .map(|(_, tool)| Owner { tool, of: None })
        .next()
}

/// Whether a manager has set the field: `{"f:spec": {"f:active": {}}}`.
fn has(entry: &ManagedFieldsEntry, path: &[&str]) -> bool {
    let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
    path.iter().fold(fields, |at, name| at?.get(format!("f:{name}"))).is_some()
}

/// Refuses what somebody else would write back.
///
/// # Errors
/// Who, and what is to be committed instead.
pub fn unowned(patches: &[Patch], of: &BlueGreen, deployments: &[Deployment]) -> Result<(), Refusal> {
    let mut owned = vec![];
    for patch in patches {
        let Some(spec) = patch.body.get("spec").and_then(Value::as_object) else { continue };
        let meta = match &patch.object {
            Object::BlueGreen(_) => Some(&of.metadata),
            Object::Deployment(name) => {
                deployments.iter().map(|one| &one.metadata).find(|meta| meta.name.as_ref() == Some(name))
            }
            Object::Service(_) => None,
        };
        let Some(meta) = meta else { continue };
        let found = spec.keys().find_map(|field| Some((owner(meta, &["spec", field])?, field)));
        if let Some((owner, field)) = found {
            owned.push((owner, patch, format!("spec.{field}")));
        }
    }
    let Some((owner, first, field)) = owned.first().cloned() else { return Ok(()) };
    let commit = owned.iter().map(|(_, patch, _)| commit(patch)).collect();
    Err(Refusal::Owned { owner, object: first.object.to_string(), field, commit })
}

/// The lines of an object, without what only guards the write.
fn commit(patch: &Patch) -> String {
    let spec = serde_json::json!({"spec": patch.body["spec"]});
    format!("# {}\n{}\n", patch.object, serde_saphyr::to_string(&spec).unwrap_or_default().trim_end())
}
