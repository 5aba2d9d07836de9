//! What was measured, beside what it should be.

use std::{fmt, fs, path::Path};

use serde::Serialize;

use crate::Failure;

/// The row of the bare service.
pub(crate) const BARE: &str = "bare service, pending once";
/// The row of one read of the clock.
pub(crate) const READ: &str = "one read of the clock";

/// What a figure should be at most.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// So many nanoseconds, or whatever the row's unit is.
    Nanos(f64),
    /// Two reads of the clock of the same run and so many nanoseconds.
    TwoReadsAnd(f64),
    /// So many times the row of this name.
    Times(f64, String),
    /// So many nanoseconds more than the row of this name.
    More(f64, String),
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nanos(most) => write!(formatter, "{most}"),
            Self::TwoReadsAnd(nanos) => write!(formatter, "2 reads + {nanos}"),
            Self::Times(times, name) => write!(formatter, "{times} × {name}"),
            Self::More(nanos, name) => write!(formatter, "{name} + {nanos}"),
        }
    }
}

/// Rows that are told under one title.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// A figure, per call unless its name says otherwise.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    section: &'static str,
    name: String,
    unit: &'static str,
    median: f64,
    /// The first and the third quartile.
    spread: [f64; 2],
    rounds: usize,
    goals: Vec<Held>,
    /// For one call, if it was counted.
    allocations: Option<f64>,
    allocations_at_most: Option<f64>,
    #[serde(skip)]
    aims: Vec<Goal>,
}

/// A goal beside the figure of the same run.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Held {
    goal: String,
    at_most: f64,
    met: bool,
}

impl Row {
    /// Of nanoseconds.
    pub(crate) fn new(name: impl Into<String>, values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quarter = |quarters: usize| {
            let index = sorted.len().saturating_sub(1) * quarters / 4;
            sorted.get(index).copied().unwrap_or_default()
        };
        Self {
            section: "",
            name: name.into(),
            unit: "ns",
            median: quarter(2),
            spread: [quarter(1), quarter(3)],
            rounds: values.len(),
            goals: vec![],
            allocations: None,
            allocations_at_most: None,
            aims: vec![],
        }
    }

    pub(crate) fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    pub(crate) fn goals(self, goals: &[Goal]) -> Self {
        Self { aims: goals.to_vec(), ..self }
    }

    pub(crate) fn allocations(self, counted: f64, at_most: Option<f64>) -> Self {
        Self { allocations: Some(counted), allocations_at_most: at_most, ..self }
    }
}

/// Puts the goals beside the figures, and the sections to the rows.
fn with_goals(tables: Vec<Table>) -> Vec<Row> {
    let rows = tables
        .into_iter()
        .flat_map(|table| table.rows.into_iter().map(move |row| Row { section: table.title, ..row }));
    let rows: Vec<Row> = rows.collect();
    let of = |name: &str| rows.iter().find(|row| row.name == name).map_or(f64::NAN, |row| row.median);
    let resolved = rows.iter().map(|row| {
        let held = row.aims.iter().map(|goal| {
            let at_most = match goal {
                Goal::Nanos(most) => *most,
                Goal::TwoReadsAnd(nanos) => 2.0 * of(READ) + nanos,
                Goal::Times(times, name) => times * of(name),
                Goal::More(nanos, name) => of(name) + nanos,
            };
            Held { goal: goal.to_string(), at_most, met: row.median <= at_most }
        });
        Row { goals: held.collect(), ..row.clone() }
    });
    resolved.collect()
}

/// Prints the tables, and writes the rows to a file if there is one.
#[expect(clippy::print_stdout, reason = "a command's own output")]
pub(crate) fn tell(tables: Vec<Table>, json: Option<&Path>) -> Result<(), Failure> {
    let rows = with_goals(tables);
    for (index, row) in rows.iter().enumerate() {
        if index == 0 || rows[index - 1].section != row.section {
            println!(
                "\n{:<64} {:>10} {:>19} {:>14}  goals",
                row.section, "median", "middle half", "allocations"
            );
        }
        println!("{}", line(row));
    }
    println!("\nPer call, and beyond the bare service, unless the row says otherwise.");
    if let Some(file) = json {
        fs::write(file, serde_json::to_vec_pretty(&rows)?)?;
    }
    Ok(())
}

fn line(row: &Row) -> String {
    let [low, high] = row.spread;
    let spread = format!("{low:.1} to {high:.1}");
    let met = |met: bool| if met { "met" } else { "MISSED" };
    let allocations = row.allocations.map_or_else(String::new, |counted| {
        let held = row.allocations_at_most.map(|most| format!(" ≤ {most} {}", met(counted <= most)));
        format!("{counted:.1}{}", held.unwrap_or_default())
    });
    let goals = row.goals.iter().map(|held| {
        let value = format!("{:.1}", held.at_most);
        let why = if held.goal.parse::<f64>().is_ok() { String::new() } else { format!(" = {}", held.goal) };
        format!("≤ {value}{why} {}", met(held.met))
    });
    let goals: Vec<_> = goals.collect();
    let median = format!("{:.1} {}", row.median, row.unit);
    format!("{:<64} {median:>10} {spread:>19} {allocations:>14}  {}", row.name, goals.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_the_middle_and_the_middle_half() {
        let row = Row::new("x", &[5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((row.median, row.spread), (3.0, [2.0, 4.0]));
        assert_eq!(Row::new("nothing", &[]).median, 0.0);
    }

    #[test]
    fn goals_are_those_of_the_same_run_from_whatever_section() {
        let ours =
            [Goal::TwoReadsAnd(25.0), Goal::Times(0.5, "theirs".into()), Goal::More(5.0, "theirs".into())];
        let tables = vec![
            Table { title: "machine", rows: vec![Row::new(BARE, &[5.0]), Row::new(READ, &[20.0])] },
            Table { title: "ours", rows: vec![Row::new("ours", &[50.0]).goals(&ours)] },
            Table { title: "others", rows: vec![Row::new("theirs", &[90.0])] },
        ];
        let rows = with_goals(tables);
        let held: Vec<_> = rows[2].goals.iter().map(|held| (held.at_most, held.met)).collect();
        assert_eq!(held, [(65.0, true), (45.0, false), (95.0, true)]);
        assert_eq!(rows[2].section, "ours");
    }

    #[test]
    fn a_goal_beside_a_row_that_is_not_there_is_missed() {
        let row = Row::new("ours", &[1.0]).goals(&[Goal::Times(2.0, "nobody".into())]);
        let rows = with_goals(vec![Table { title: "", rows: vec![row] }]);
        assert!(!rows[0].goals[0].met);
    }

    #[test]
    fn a_line_tells_what_a_goal_comes_from_and_whether_it_is_met() {
        let row = Row::new("ours", &[30.0]).goals(&[Goal::Nanos(25.0)]).allocations(0.0, Some(4.0));
        let rows = with_goals(vec![Table { title: "", rows: vec![row] }]);
        let line = line(&rows[0]);
        assert!(
            line.contains("30.0 ns") && line.contains("0.0 ≤ 4 met") && line.ends_with("≤ 25.0 MISSED"),
            "{line}"
        );
    }
}
