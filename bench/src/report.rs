//! What was measured: a table for people, and JSON for programs.

use std::fmt::Write;

use serde::Serialize;

/// One figure, what it stands beside, and what it should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// How far the true value may be from this one, but for one time in twenty.
    pub(crate) give_or_take: Option<f64>,
    /// The peer, or the machine's own ceiling for the same work, measured in the same run.
    pub(crate) against: Option<&'static str>,
    pub(crate) against_value: Option<f64>,
    /// The value's part of what it stands beside.
    pub(crate) ratio: Option<f64>,
    pub(crate) goal: Option<f64>,
    /// Which side of the goal is the good one.
    pub(crate) goal_is: Option<Side>,
    pub(crate) met: Option<bool>,
}

/// Which side of a goal is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    AtLeast,
    AtMost,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, ..Self::default() }
    }

    /// Where the value is a mean whose spread is known.
    pub(crate) fn give_or_take(self, spread: f64) -> Self {
        Self { give_or_take: Some(spread), ..self }
    }

    /// Beside something that was measured in the same run.
    pub(crate) fn beside(self, against: &'static str, value: f64) -> Self {
        let ratio = (value > 0.0).then(|| self.value / value);
        Self { against: Some(against), against_value: Some(value), ratio, ..self }
    }

    pub(crate) fn at_least(self, goal: f64) -> Self {
        let met = Some(self.value >= goal);
        Self { goal: Some(goal), goal_is: Some(Side::AtLeast), met, ..self }
    }

    pub(crate) fn at_most(self, goal: f64) -> Self {
        let met = Some(self.value <= goal);
        Self { goal: Some(goal), goal_is: Some(Side::AtMost), met, ..self }
    }

    fn cells(&self) -> [String; 5] {
        let spread = self.give_or_take.map(|spread| format!(" ± {}", number(spread)));
        let value = format!("{}{} {}", number(self.value), spread.unwrap_or_default(), self.unit);
        let against = self.against.zip(self.against_value);
        let against = against.map(|(what, value)| format!("{what}: {}", number(value)));
        let ratio = self.ratio.map(|ratio| format!("{:.0} %", ratio * 100.0));
        let goal = self.goal.zip(self.goal_is).zip(self.met).map(|((goal, side), met)| {
            let side = if side == Side::AtLeast { "≥" } else { "≤" };
            format!("{side} {}: {}", number(goal), if met { "met" } else { "MISSED" })
        });
        [
            self.name.clone(),
            value,
            against.unwrap_or_default(),
            ratio.unwrap_or_default(),
            goal.unwrap_or_default(),
        ]
    }
}

/// A table in Markdown, which people can read as it is.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["", "measured", "beside", "ratio", "goal"].map(str::to_owned);
    let cells: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for (number, row) in cells.iter().enumerate() {
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(text, "| {cell:<width$} "); // writing to a string cannot fail
        }
        text.push_str("|\n");
        if number == 0 {
            text.extend(widths.map(|width| format!("|{}", "-".repeat(width + 2))));
            text.push_str("|\n");
        }
    }
    text
}

/// With as many digits as matter.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_its_part_of_the_ceiling_and_whether_the_goal_is_met() {
        let row = Row::new("orders", 450.0, "orders/s").beside("bare SQLite", 900.0).at_least(270.0);
        assert_eq!((row.ratio, row.met), (Some(0.5), Some(true)));
        assert_eq!(row.clone().at_most(100.0).met, Some(false));
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(json["goal_is"], "at_least");
        assert_eq!(json["against_value"], 900.0);
    }

    #[test]
    fn a_ceiling_that_was_not_measured_makes_no_ratio() {
        assert_eq!(Row::new("orders", 1.0, "").beside("nothing", 0.0).ratio, None);
    }

    #[test]
    fn a_mean_tells_its_spread() {
        assert_eq!(Row::new("orders", 98.25, "%").give_or_take(1.5).cells()[1], "98.2 ± 1.50 %");
    }

    #[test]
    fn the_table_stands_in_columns_and_names_what_is_missed() {
        let rows = [
            Row::new("orders, `rest`", 1234.5, "orders/s").beside("bare SQLite", 2469.0).at_least(741.0),
            Row::new("resident", 70.25, "MiB").at_most(64.0),
        ];
        let table = table(&rows);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{table}");
        assert!(lines[2].contains("50 %") && lines[2].contains("≥ 741: met"), "{table}");
        assert!(lines[3].contains("70.2 MiB") && lines[3].contains("MISSED"), "{table}");
    }
}
