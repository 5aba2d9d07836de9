//! Reading an exposition in Prometheus' text format.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// How many series one App may have of one family: more would be a label without bounds.
const MOST_SERIES: usize = 2000;

/// The labels that every series of an App has, and those that say which bucket it is.
const COMMON: [&str; 3] = ["service", "style", "le"];

/// What is shown, family by family.
#[derive(Debug, Default)]
pub(super) struct Exposition(BTreeMap<String, Family>);

/// One family.
#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    /// The labels of each series.
    series: Vec<BTreeMap<String, String>>,
}

impl Exposition {
    pub(super) fn read(text: &str) -> Self {
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut last = String::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                name.clone_into(&mut last);
                families.entry(last.clone()).or_default().help = help.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                families.get_mut(&last).unwrap().kind = kind.split_once(' ').unwrap().1.to_owned();
            } else {
                assert!(line.starts_with(&last), "{line}");
                families.get_mut(&last).unwrap().series.push(labels(line));
            }
        }
        Self(families)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The families of which nothing is shown.
    pub(super) fn empty(&self) -> Vec<&str> {
        let empty = self.0.iter().filter(|(_, family)| family.series.is_empty());
        empty.map(|(name, _)| name.as_str()).collect()
    }

    /// No App shows more of a family than there are routes, types and the like; no label is an id.
    pub(super) fn is_bounded(&self) {
        for (name, family) in &self.0 {
            let mut by_app: BTreeMap<_, usize> = BTreeMap::new();
            for series in &family.series {
                *by_app.entry((series.get("service"), series.get("style"))).or_default() += 1;
                for value in series.values() {
                    let digits = value.bytes().filter(u8::is_ascii_digit).count();
                    assert!(value.len() <= 80 && digits <= 12, "`{name}` has a label `{value}`");
                }
            }
            assert!(by_app.values().all(|count| *count <= MOST_SERIES), "`{name}`: {by_app:?}");
        }
    }

    /// Every family in a row of Markdown.
    pub(super) fn table(&self) -> String {
        let mut table =
            "| metric | type | labels | shown by | what it tells |\n|---|---|---|---|---|\n".to_owned();
        let all = self.services("build_info");
        for (name, Family { help, kind, series }) in &self.0 {
            let labels: BTreeSet<_> = series.iter().flat_map(BTreeMap::keys).collect();
            let labels = labels.into_iter().filter(|label| !COMMON.contains(&label.as_str()));
            let labels: Vec<_> = labels.map(|label| format!("`{label}`")).collect();
            let services = self.services(name);
            let shown_by = match &services {
                none if none.is_empty() => "the process".to_owned(),
                every if *every == all => "all".to_owned(),
                some => some.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            };
            let labels = labels.join(", ");
            writeln!(table, "| `{name}` | {kind} | {labels} | {shown_by} | {help} |").unwrap();
        }
        table
    }

    fn services(&self, name: &str) -> BTreeSet<String> {
        self.0[name].series.iter().filter_map(|series| series.get("service")).cloned().collect()
    }
}

/// The labels of a sample. None of this system has a quotation mark in its value.
fn labels(line: &str) -> BTreeMap<String, String> {
    let Some((_, rest)) = line.split_once('{') else { return BTreeMap::new() };
    let (labels, _) = rest.rsplit_once("} ").unwrap();
    let labels = labels.trim_end_matches('"').split("\",");
    labels
        .map(|label| label.split_once("=\"").unwrap())
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}
