//! What was measured, beside what it should be.

use std::{fs, path::Path};

use serde::Serialize;

use crate::Failure;

/// What a figure should be at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// So many nanoseconds.
    Nanos(f64),
    /// Two reads of the clock of the same run and so many nanoseconds.
    TwoReadsAnd(f64),
    /// Twice the row before.
    TwiceAlone,
}

/// A figure in nanoseconds per call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    median_ns: f64,
    /// The first and the third quartile.
    spread_ns: [f64; 2],
    rounds: usize,
    #[serde(skip)]
    goal: Option<Goal>,
    goal_ns: Option<f64>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quarter = |quarters: usize| {
            let index = sorted.len().saturating_sub(1) * quarters / 4;
            sorted.get(index).copied().unwrap_or_default()
        };
        let spread_ns = [quarter(1), quarter(3)];
        Self {
            name: name.into(),
            median_ns: quarter(2),
            spread_ns,
            rounds: values.len(),
            goal: None,
            goal_ns: None,
        }
    }

    pub(crate) fn goal(self, goal: Option<Goal>) -> Self {
        Self { goal, ..self }
    }
}

/// Puts the goals beside the figures. The second row is one read of the clock.
fn with_goals(rows: &[Row]) -> Vec<Row> {
    let read = rows.get(1).map_or(0.0, |row| row.median_ns);
    let before = |index: usize| rows.get(index.wrapping_sub(1)).map_or(0.0, |row| row.median_ns);
    let resolved = rows.iter().enumerate().map(|(index, row)| {
        let goal_ns = row.goal.map(|goal| match goal {
            Goal::Nanos(nanos) => nanos,
            Goal::TwoReadsAnd(nanos) => 2.0 * read + nanos,
            Goal::TwiceAlone => 2.0 * before(index),
        });
        Row { goal_ns, ..row.clone() }
    });
    resolved.collect()
}

/// Prints the table, and writes it to a file if there is one.
#[expect(clippy::print_stdout, reason = "a command's own output")]
pub(crate) fn tell(rows: &[Row], json: Option<&Path>) -> Result<(), Failure> {
    let rows = with_goals(rows);
    println!(
        "{:<56} {:>9} {:>19} {:>9}",
        "ns per call, beyond the bare service", "median", "middle half", "goal"
    );
    for row in &rows {
        let [low, high] = row.spread_ns;
        let spread = format!("{low:.1} to {high:.1}");
        let goal = row.goal_ns.map_or_else(String::new, |goal| {
            format!("{goal:.1} {}", if row.median_ns <= goal { "met" } else { "missed" })
        });
        println!("{:<56} {:>9.1} {:>19} {:>9}", row.name, row.median_ns, spread, goal);
    }
    if let Some(file) = json {
        fs::write(file, serde_json::to_vec_pretty(&rows)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_the_middle_and_the_middle_half() {
        let row = Row::new("x", &[5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((row.median_ns, row.spread_ns), (3.0, [2.0, 4.0]));
        assert_eq!(Row::new("nothing", &[]).median_ns, 0.0);
    }

    #[test]
    fn goals_are_those_of_the_same_run() {
        let rows = [
            Row::new("bare", &[5.0]),
            Row::new("read", &[20.0]),
            Row::new("ours", &[50.0]).goal(Some(Goal::TwoReadsAnd(25.0))),
            Row::new("of two", &[90.0]).goal(Some(Goal::TwiceAlone)),
        ];
        let goals: Vec<_> = with_goals(&rows).iter().map(|row| row.goal_ns).collect();
        assert_eq!(goals, [None, None, Some(65.0), Some(100.0)]);
    }
}
