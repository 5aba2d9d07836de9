//! What `order` shows while it works, and of each style when it is done.

use std::time::Duration;

use contracts::ordering::StatusChange;

use super::{
    report::{Problem, Summary, Times},
    run::Observer,
};
use crate::{
    console::{Console, Progress},
    durations::told,
    workload::{Outcome, word},
};

/// The most problems that are shown; all of them are in the JSON.
const SHOWN: usize = 20;

/// Shows how many lines are done.
pub(super) struct Counter(pub(super) Progress);

impl Observer for Counter {
    fn status(&self, _: &StatusChange, _: Duration) {}

    fn unpaid(&self, _: Duration) {}

    fn done(&self) {
        self.0.step();
    }
}

/// Tells every status of an order.
pub(super) struct Narrator(pub(super) Console);

impl Observer for Narrator {
    fn status(&self, change: &StatusChange, after: Duration) {
        let reason = change.reason.map(|reason| format!(" ({})", word(&reason))).unwrap_or_default();
        self.0.line(format_args!("  {:>9}  {}{reason}", told(after), word(&change.status)));
    }

    fn unpaid(&self, after: Duration) {
        self.0.line(format_args!("  {:>9}  {}", told(after), outcome_name(Outcome::Shipped)));
    }

    fn done(&self) {}
}

/// What came of it in one style: a line of figures, and what was not as expected, with its line if there is a `file`.
pub(super) fn summary(summary: &Summary, file: bool, console: &Console) {
    let outcomes: Vec<_> = summary
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{count} {}", outcome_name(*outcome)))
        .chain(
            (summary.without_outcome > 0).then(|| format!("{} without an outcome", summary.without_outcome)),
        )
        .collect();
    let time = summary.time_ms.map(|Times { p50, p99, .. }| format!("; p50 {p50:.1} ms, p99 {p99:.1} ms"));
    let orders = if summary.orders == 1 { "order" } else { "orders" };
    let (style, run) = (name(summary), &summary.run);
    console.line(format_args!(
        "{style}: {} {orders} of run {run}: {}{}",
        summary.orders,
        outcomes.join(", "),
        time.unwrap_or_default()
    ));
    for problem in summary.problems.iter().take(SHOWN) {
        let Problem { order_id, what, .. } = problem;
        match order_id {
            _ if file => console.line(format_args!("  {problem}")),
            Some(id) => console.line(format_args!("  order {id}: {what}")),
            None => console.line(format_args!("  {what}")),
        }
    }
    if summary.problems.len() > SHOWN {
        console.line(format_args!("  and {} more; --json FILE has them all", summary.problems.len() - SHOWN));
    }
}

/// What a summary's style is called.
pub(super) fn name(summary: &Summary) -> &str {
    summary.style.as_deref().unwrap_or("default style")
}

/// What an outcome is called in figures: a shipped order only counts as an end if nobody pays for it.
pub(super) fn outcome_name(outcome: Outcome) -> String {
    match outcome {
        Outcome::Shipped => "SHIPPED, unpaid".to_owned(),
        other => word(&other.status()),
    }
}
