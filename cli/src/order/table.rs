//! The styles side by side.

use super::{
    report::{PerOrder, Summary, Times},
    show::{name, outcome_name},
};
use crate::{console::Console, workload::Outcome};

/// What stands where nothing is measured.
const NOT_MEASURED: &str = "–";

/// One figure: what it is called, and how it is read from a summary.
type Figure = (String, Box<dyn Fn(&Summary) -> String>);

/// One column for each style, one row for each figure.
pub(super) fn print(summaries: &[Summary], console: &Console) {
    let mut rows = vec![row(String::new(), summaries, |summary| name(summary).to_owned())];
    rows.extend(figures().into_iter().map(|(label, figure)| row(label, summaries, figure)));
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    console.line("");
    for row in &rows {
        let label = format!("{:<width$}", row[0], width = widths[0]);
        let cells = row[1..].iter().zip(&widths[1..]).map(|(cell, width)| format!("  {cell:>width$}"));
        console.line(std::iter::once(label).chain(cells).collect::<String>().trim_end());
    }
    if rows.iter().flatten().any(|cell| cell == NOT_MEASURED) {
        console.line(format_args!("{NOT_MEASURED} is not measured by this system"));
    }
}

fn row(label: String, summaries: &[Summary], figure: impl Fn(&Summary) -> String) -> Vec<String> {
    std::iter::once(label).chain(summaries.iter().map(figure)).collect()
}

fn figures() -> Vec<Figure> {
    let mut figures: Vec<Figure> = vec![figure("orders", |summary| summary.orders.to_string())];
    for outcome in Outcome::ALL {
        figures.push(figure(format!("  {}", outcome_name(outcome)), move |summary| {
            summary.outcomes.get(&outcome).copied().unwrap_or_default().to_string()
        }));
    }
    figures.push(figure("  without an outcome", |summary| summary.without_outcome.to_string()));
    figures.push(figure("not as expected", |summary| summary.problems.len().to_string()));
    figures.extend([
        time("to the outcome, p50", |times| times.p50),
        time("to the outcome, p90", |times| times.p90),
        time("to the outcome, p99", |times| times.p99),
        time("to the outcome, longest", |times| times.max),
        per_order("messages per order", |each| each.messages),
        per_order("calls per order", |each| each.calls),
        per_order("bytes per order", |each| each.bytes),
        per_order("commits per order", |each| each.commits),
    ]);
    figures
}

fn figure(label: impl Into<String>, figure: impl Fn(&Summary) -> String + 'static) -> Figure {
    (label.into(), Box::new(figure))
}

fn time(label: &str, part: fn(&Times) -> f64) -> Figure {
    figure(label, move |summary| {
        summary
            .time_ms
            .as_ref()
            .map_or_else(|| NOT_MEASURED.to_owned(), |times| format!("{:.1} ms", part(times)))
    })
}

fn per_order(label: &str, part: fn(&PerOrder) -> Option<f64>) -> Figure {
    figure(label, move |summary| {
        part(&summary.per_order).map_or_else(|| NOT_MEASURED.to_owned(), |each| format!("{each:.1}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::captured;

    #[test]
    fn styles_stand_side_by_side_and_what_is_not_measured_is_no_number() {
        let of = |style: &str, calls| Summary {
            style: Some(style.to_owned()),
            orders: 3,
            outcomes: [(Outcome::Completed, 2), (Outcome::Shipped, 1)].into(),
            per_order: PerOrder { calls, ..PerOrder::default() },
            ..Summary::default()
        };
        let (console, written) = captured();
        print(&[of("rest", Some(6.25)), of("messaging", None)], &console);
        let table = written.out.text();
        let line = |label: &str| {
            let line = table.lines().find(|line| line.trim_start().starts_with(label));
            line.map(|line| line.split_whitespace().rev().take(2).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(
            table.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>(),
            ["rest", "messaging"]
        );
        assert_eq!(line("COMPLETED"), ["2", "2"]);
        assert_eq!(line("calls"), ["–", "6.2"]);
        assert!(table.ends_with("– is not measured by this system\n"), "{table}");
    }
}
