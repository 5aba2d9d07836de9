//! What there is to be scraped, as a table for people.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{Description, Metrics, process, runtime};

/// What shows the metrics of the process, in the catalogue.
const PROCESS: &str = "the process";

/// One family, and who shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub description: Description,
    /// The services that show it.
    pub services: BTreeSet<String>,
}

/// Every family that these Apps have registered, by name, and those of the process.
pub fn catalogue<'a>(apps: impl IntoIterator<Item = &'a Metrics>) -> Vec<Row> {
    let mut rows: BTreeMap<&'static str, Row> = BTreeMap::new();
    let mut add = |description: Description, service: &str| {
        let row = Row { description, services: BTreeSet::new() };
        rows.entry(row.description.name).or_insert(row).services.insert(service.to_owned());
    };
    for app in apps {
        for family in app.families() {
            add(family.description, &app.identity().service);
        }
    }
    for (description, _) in process::families().into_iter().chain(runtime::families()) {
        add(description, PROCESS);
    }
    rows.into_values().collect()
}

/// The rows as a table in Markdown.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text =
        "| metric | type | labels | shown by | what it tells |\n|---|---|---|---|---|\n".to_owned();
    let all = rows.iter().flat_map(|row| &row.services).filter(|service| *service != PROCESS);
    let all: BTreeSet<_> = all.collect();
    for Row { description: Description { name, kind, labels, help }, services } in rows {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let everybody = services.len() == all.len() && services.iter().all(|it| all.contains(it));
        let shown_by = if everybody {
            "all".to_owned()
        } else {
            services.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind} | {} | {shown_by} | {help} |", labels.join(", "));
    }
    text
}
