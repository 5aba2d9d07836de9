//! The operator's rights: the chart gives those that its README lists, and no others.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use super::chart;
use crate::check::root;

const LIST: &str = "services/operator/README.md";

/// Group, resource and verb.
type Right = (String, String, String);

/// That both are the same.
pub(super) fn are_those_that_are_listed() -> Result<(), Vec<String>> {
    let listed = listed(&fs::read_to_string(root().join(LIST)).unwrap_or_default());
    let rendered = chart::rendered("templates/rbac.yaml").map_err(|said| vec![said])?;
    let objects: Vec<Value> =
        serde_saphyr::from_multiple(&rendered).map_err(|error| vec![error.to_string()])?;
    let given: BTreeSet<Right> = objects.iter().flat_map(given).collect();
    let told = |(group, resource, verb): &Right, what: &str| format!("{verb} {resource} of `{group}` {what}");
    let unlisted =
        given.difference(&listed).map(|right| told(right, &format!("is given, and not listed in {LIST}")));
    let missing =
        listed.difference(&given).map(|right| told(right, "is listed, and the chart does not give it"));
    let findings: Vec<_> = unlisted.chain(missing).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// The table's rows: group, resource, verbs. The first word of a cell that is in backticks is what counts.
fn listed(document: &str) -> BTreeSet<Right> {
    let section = document.split("## Rights").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|');
        let (group, resource, verbs) = (cells.next()?, quoted(cells.next()?)?, cells.next()?);
        Some((quoted(group).unwrap_or_default(), resource, verbs))
    });
    let rights = rows.flat_map(|(group, resource, verbs)| {
        let words = verbs.split(|c: char| !c.is_ascii_lowercase()).filter(|word| VERBS.contains(word));
        words.map(move |verb| (group.to_owned(), resource.to_owned(), verb.to_owned()))
    });
    rights.collect()
}

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

fn quoted(cell: &str) -> Option<&str> {
    cell.split('`').nth(1)
}

/// The rights that a role gives.
fn given(role: &Value) -> Vec<Right> {
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        rule[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    };
    let mut rights = vec![];
    for rule in role["rules"].as_array().into_iter().flatten() {
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                let verbs = texts(rule, "verbs").into_iter();
                rights.extend(verbs.map(|verb| (group.clone(), resource.clone(), verb)));
            }
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_their_remarks() {
        let document = "# operator\n\n## Rights\n\n| API group | resource | verbs |\n|---|---|---|\n\
                        | (core) | `services` | get, list |\n\
                        | `coordination.k8s.io` | `leases`, in its namespace | create; get of the one by its name |\n\n## Next\n| (core) | `pods` | get |\n";
        let right = |group: &str, resource: &str, verb: &str| {
            (group.to_owned(), resource.to_owned(), verb.to_owned())
        };
        let expected = [
            right("", "services", "get"),
            right("", "services", "list"),
            right("coordination.k8s.io", "leases", "create"),
            right("coordination.k8s.io", "leases", "get"),
        ];
        assert_eq!(listed(document), expected.into());
    }
}
