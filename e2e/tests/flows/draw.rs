//! Diagrams, as Mermaid reads them.

use std::fmt::Write as _;

use contracts::Style;
use ordering::process::{PlaceOrder, Step};
use saga::{Definition as _, Role};

use crate::{
    dependencies::{Cycles, Dependencies, Graph, requests},
    knowledge::answer,
    services::{SERVICES, command_name, owner, policies, reply_name},
    story::{How, Line, Scenario, Story},
};

/// A story as a sequence.
pub(crate) fn sequence(style: Style, story: &Story) -> String {
    let mut drawn = "```mermaid\nsequenceDiagram\n    actor client\n".to_owned();
    let ledger = (style == Style::EventSourcing).then_some("ledger");
    for participant in SERVICES.into_iter().chain(ledger) {
        writeln!(drawn, "    participant {participant}").unwrap();
    }
    for Line { from, to, how, text } in story.lines() {
        let arrow = match how {
            How::Call | How::Does => "->>",
            How::Answer => "-->>",
            How::Message => "-)",
            How::Status => {
                writeln!(drawn, "    Note over ordering: {text}").unwrap();
                continue;
            }
        };
        writeln!(drawn, "    {from}{arrow}{to}: {text}").unwrap();
    }
    drawn + "```\n"
}

/// The saga's steps, and which of them come after which.
pub(crate) fn saga() -> String {
    let mut drawn = "```mermaid\nflowchart LR\n".to_owned();
    let (requests, name) = (requests(), |step: Step| format!("{step:?}"));
    let mut requests = requests.iter();
    for spec in PlaceOrder::steps() {
        let action = requests.next().unwrap();
        let undo = (spec.role != Role::Retriable).then(|| requests.next().unwrap());
        let undone = undo.map_or(String::new(), |undo| format!("<br/>undo: {}", command_name(undo)));
        let (participant, does) = (action.participant().name(), command_name(action));
        let (open, close) = if spec.role == Role::Pivot { ("{{", "}}") } else { ("[", "]") };
        let step = name(spec.step);
        writeln!(drawn, "    {step}{open}\"{participant}: {does}{undone}\"{close}").unwrap();
        for before in spec.after {
            writeln!(drawn, "    {} --> {step}", name(*before)).unwrap();
        }
    }
    drawn + "```\n"
}

/// Who reacts to what: an arrow for each policy, from whoever tells of it to whoever reacts.
pub(crate) fn reactions() -> String {
    let mut drawn = "```mermaid\nflowchart LR\n".to_owned();
    for policy in policies().into_iter().filter(|policy| policy.service != "ordering") {
        let (from, kind) = (owner(policy.on.topic), event(policy.on.kind));
        writeln!(drawn, "    {from} -->|\"{kind}: {}\"| {}", policy.does, policy.service).unwrap();
    }
    for teller in SERVICES {
        let told: Vec<_> = policies().into_iter().filter(|policy| policy.service == "ordering").collect();
        let told = told.iter().filter(|policy| owner(policy.on.topic) == teller);
        let kinds: Vec<_> = told.map(|policy| event(policy.on.kind)).collect();
        if !kinds.is_empty() {
            writeln!(drawn, "    {teller} -.->|\"{}\"| ordering", kinds.join("<br/>")).unwrap();
        }
    }
    drawn + "```\n"
}

/// The same as a table, with what each reaction needs to know.
pub(crate) fn policies_table() -> String {
    let mut table = "| service | on | does | has to know |\n|---|---|---|---|\n".to_owned();
    for policy in policies() {
        let (service, kind, does, needs) = (policy.service, policy.on.kind, policy.does, policy.needs);
        writeln!(table, "| {service} | `{kind}` | {does} | {needs:?} |").unwrap();
    }
    table
}

/// What is asked of participants, and what they answer when nothing is in the way.
pub(crate) fn requests_table() -> String {
    let mut table =
        "| participant | command | request in `rest` | answer, if nothing is in the way |\n".to_owned();
    table += "|---|---|---|---|\n";
    for request in requests() {
        let reply = reply_name(&answer(&request, Scenario::Succeeds).unwrap().reply);
        let (participant, command) = (request.participant().name(), command_name(&request));
        writeln!(table, "| {participant} | {command} | `{}` | {reply} |", request.route().name).unwrap();
    }
    table
}

/// Who depends on whom: what has to be there with a line, what has to be understood with a dotted one.
pub(crate) fn dependencies(graph: &Graph) -> String {
    let mut drawn = "```mermaid\nflowchart LR\n".to_owned();
    for (edges, arrow) in [(&graph.calls, "-->"), (&graph.hears, "-.->")] {
        for (from, to) in edges.keys() {
            writeln!(drawn, "    {from} {arrow} {to}").unwrap();
        }
    }
    drawn + "```\n"
}

/// The same as a table.
pub(crate) fn dependencies_table(graph: &Graph) -> String {
    let mut table = "| service | calls, and waits for | hears |\n|---|---|---|\n".to_owned();
    for service in SERVICES {
        let (calls, hears) = (by(&graph.calls, service), by(&graph.hears, service));
        writeln!(table, "| {service} | {calls} | {hears} |").unwrap();
    }
    table
}

fn by(edges: &Dependencies, service: &str) -> String {
    let of = edges.iter().filter(|((from, _), _)| *from == service);
    let named = of.map(|((_, to), by)| {
        let code = |by: &String| if by.starts_with("streams") { by.clone() } else { format!("`{by}`") };
        format!("{to}: {}", by.iter().map(code).collect::<Vec<_>>().join(", "))
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() { "nobody".to_owned() } else { named.join("<br/>") }
}

/// Cycles by their names; those of calls first.
pub(crate) fn cycles(graph: &Graph) -> String {
    let (calls, all) = (graph.cycles_of_calls(), graph.cycles());
    let calls = match calls.least.len() {
        0 => "No service waits for one that waits for it.\n".to_owned(),
        _ => format!("Cycles of calls, in which each waits for the next:\n\n{}", named(&calls)),
    };
    format!("{calls}\nCycles of whatever kind:\n\n{}", named(&all))
}

fn named(cycles: &Cycles) -> String {
    let name = |cycle: &Vec<&str>| format!("- {} → {}\n", cycle.join(" → "), cycle[0]);
    let others = match cycles.others {
        0 => String::new(),
        others => format!("- {others} longer ones, each by way of all of one of these\n"),
    };
    cycles.least.iter().map(name).collect::<String>() + &others
}

/// What stands behind the dot.
fn event(kind: &str) -> &str {
    kind.split_once('.').map_or(kind, |(_, event)| event)
}
