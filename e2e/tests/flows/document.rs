//! The document, and what stands in it.

use std::{fs, path::PathBuf};

use contracts::Style;

use crate::{
    STYLES,
    dependencies::Graph,
    draw,
    story::{self, Scenario},
};

const DOCUMENT: &str = "docs/flows.md";
const MARKS: [&str; 2] = ["<!-- flows -->\n", "<!-- /flows -->\n"];

/// All that is generated.
pub(crate) fn generated() -> String {
    let asked = ["## What ordering asks: `rest`, `messaging`\n", &draw::saga(), &draw::requests_table()];
    let styles: Vec<_> = Style::CHOREOGRAPHED.iter().map(|style| format!("`{style}`")).collect();
    let heading = format!("## Who reacts to what: {}\n", styles.join(", "));
    let reactions = [heading.as_str(), &draw::reactions(), &draw::policies_table()];
    let mut all = vec![asked.join("\n"), reactions.join("\n")];
    all.extend(STYLES.map(of_style));
    all.join("\n")
}

fn of_style(style: Style) -> String {
    let (graph, drawn) = (Graph::of(style), |scenario| draw::sequence(style, &story::of(style, scenario)));
    [
        format!("## {style}\n"),
        "### An order that succeeds\n".to_owned(),
        drawn(Scenario::Succeeds),
        "### An order that is cancelled before the carrier is asked\n".to_owned(),
        drawn(Scenario::IsCancelled),
        "### Who depends on whom\n".to_owned(),
        draw::dependencies(&graph),
        draw::dependencies_table(&graph),
        draw::cycles(&graph),
    ]
    .join("\n")
}

/// The document has this; where `UPDATE` is set, it has from now on.
pub(crate) fn is(generated: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", DOCUMENT].iter().collect();
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(MARKS[0]).unwrap();
    let (present, after) = rest.split_once(MARKS[1]).unwrap();
    if present == generated {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(&path, [before, MARKS[0], generated, MARKS[1], after].concat()).unwrap();
    }
    let advice =
        "is not up to date: run `UPDATE=1 cargo test -p e2e --test flows` and look at what has changed";
    let present: Vec<_> = present.lines().collect();
    let new: Vec<_> = generated.lines().filter(|line| !present.contains(line)).collect();
    panic!("{DOCUMENT} {advice}; it lacks\n{}", new.join("\n"));
}
