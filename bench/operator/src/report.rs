//! What was measured: a table for people, and JSON for programs.

use std::{fs, path::Path, time::Duration};

use serde::Serialize;

use crate::Failure;

/// A figure, and what it should be at most.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    /// Of how many values it is told; none of a single one.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<usize>,
    at_most: Option<f64>,
    met: Option<bool>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, of: None, at_most: None, met: None }
    }

    /// The smallest of these lengths that so large a part of all is not above, in milliseconds.
    pub(crate) fn quantile(name: &str, lengths: &mut [Duration], part: f64) -> Self {
        lengths.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a part of a length is an index"
        )]
        let rank = (part * lengths.len() as f64).ceil() as usize;
        let value = lengths.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        let name = format!("{name}, p{:.0}", part * 100.0);
        Self { of: Some(lengths.len()), ..Self::new(name, value.as_secs_f64() * 1000.0, "ms") }
    }

    pub(crate) fn at_most(self, goal: f64) -> Self {
        Self { at_most: Some(goal), met: Some(self.value <= goal), ..self }
    }

    fn cells(&self) -> [String; 3] {
        let of = self.of.map(|of| format!(" of {of}")).unwrap_or_default();
        let goal = self.at_most.zip(self.met);
        let goal = goal.map(|(goal, met)| format!("≤ {goal}: {}", if met { "met" } else { "MISSED" }));
        [self.name.clone(), format!("{:.2} {}{of}", self.value, self.unit), goal.unwrap_or_default()]
    }
}

/// Prints the table, in Markdown, and writes the file.
///
/// # Errors
/// It cannot be written.
#[expect(clippy::print_stdout, reason = "a command's own output")]
pub(crate) fn tell(rows: &[Row], json: Option<&Path>) -> Result<(), Failure> {
    print!("{}", table(rows));
    if let Some(path) = json {
        fs::write(path, serde_json::to_string_pretty(rows)?)?;
    }
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let head = ["", "measured", "goal"].map(str::to_owned);
    let cells: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let widths: [usize; 3] =
        std::array::from_fn(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 3]| {
        let [name, measured, goal] = row;
        format!("| {name:<0$} | {measured:<1$} | {goal:<2$} |\n", widths[0], widths[1], widths[2])
    };
    let rule: String = widths.iter().map(|width| format!("|{}", "-".repeat(width + 2))).collect();
    let mut text = line(&cells[0]) + &rule + "|\n";
    text.extend(cells.iter().skip(1).map(line));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values_and_beside_its_goal() {
        let mut lengths: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        let row = Row::quantile("abort", &mut lengths, 0.99).at_most(50.0);
        assert_eq!((row.value, row.met, row.of), (99.0, Some(false), Some(100)));
        assert_eq!(row.cells(), ["abort, p99", "99.00 ms of 100", "≤ 50: MISSED"]);
        assert_eq!(Row::quantile("abort", &mut lengths, 0.5).value, 50.0);
    }

    #[test]
    fn the_table_stands_in_columns() {
        let table = table(&[Row::new("resident", 21.5, "MiB").at_most(32.0), Row::new("requests", 3.0, "")]);
        let widths: Vec<_> = table.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    }
}
