//! A run as it is told to people: live, and at its end.

use std::fmt;

use chassis::platform::BuildInfo;

use super::{Config, Observer, Orders, Percentiles, Report, Second};
use crate::{
    console::{self, Console},
    remote::Pushback,
    styles::Chosen,
    workload::{Outcome, word},
};

/// Failures that are told one by one.
const SHOWN: usize = 5;

/// What is about to be sent.
pub(super) fn begin(style: Chosen, config: &Config, build: BuildInfo, console: &Console) {
    let much = match (config.orders, config.duration) {
        (Some(orders), None) => format!("{orders} orders"),
        (None, Some(time)) => format!("orders for {} s", time.as_secs_f64()),
        (Some(orders), Some(time)) => format!("{orders} orders, or {} s of them", time.as_secs_f64()),
        (None, None) => "orders without end".to_owned(),
    };
    let how = match config.rate {
        Some(rate) => format!("{rate} a second, at most {} at a time", config.clients),
        None => format!("{} clients", config.clients),
    };
    console.line(format_args!("{style}: {much}, {how}; mix {}; seed {}", config.mix, config.seed));
    if build.profile == "debug" {
        console.note("this program was built without optimisation: its figures say little");
    }
}

/// Tells a run while it goes on.
pub(super) struct Live {
    style: Chosen,
    live: console::Live,
}

impl Live {
    pub(super) fn new(style: Chosen, console: &Console) -> Self {
        Self { style, live: console.live() }
    }
}

impl Observer for Live {
    fn second(&self, second: &Second, orders: &Orders) {
        let Orders { ended, failed, unfinished, not_sent, .. } = orders;
        let Second { ended: rate, p50_ms, p99_ms, .. } = second;
        let bad = Bad { failed: *failed, not_sent: *not_sent };
        self.live.show(format_args!(
            "{}: {rate} orders/s, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms; {ended} ended, {unfinished} under way{bad}",
            self.style
        ));
    }
}

/// What should not be.
struct Bad {
    failed: u64,
    not_sent: u64,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        if self.not_sent > 0 {
            write!(f, ", {} not sent in time", self.not_sent)?;
        }
        Ok(())
    }
}

/// What came of it.
pub(super) fn report(report: &Report, console: &Console) {
    let Orders { sent, ended, failed, unfinished, not_sent } = report.orders;
    let stopped = if report.interrupted { ", stopped early" } else { "" };
    let unfinished = if unfinished > 0 { format!(", {unfinished} given up") } else { String::new() };
    console.line(format_args!(
        "  run {}: {sent} sent, {ended} ended{}{unfinished} in {:.1} s{stopped}",
        report.run,
        Bad { failed, not_sent },
        report.took_s
    ));
    if report.to_outcome_ms.count == 0 {
        console.line(format_args!(
            "  no order has ended after the warm-up of {}: nothing was measured",
            report.config.warm_up
        ));
    }
    let throughput = report.throughput;
    console.line(format_args!(
        "  {:<30} {:>9.1} orders/s over {:.1} s; {:.1} with the warm-up of {}",
        "throughput",
        throughput.after_warm_up,
        throughput.measured_s,
        throughput.with_warm_up,
        report.config.warm_up
    ));
    console.line(format_args!("  {:<30}{}", "", Heads));
    console.line(format_args!("  {:<30}{}", "to the outcome, ms", Row(report.to_outcome_ms)));
    for outcome in &report.outcomes {
        let name = match (outcome.outcome, outcome.reason) {
            (_, Some(reason)) => format!("{} {}", word(&outcome.outcome), word(&reason)),
            (Outcome::Shipped, None) => "SHIPPED, unpaid".to_owned(),
            (other, None) => word(&other),
        };
        console.line(format_args!("    {name:<28}{}", Row(outcome.to_outcome_ms)));
    }
    console.line(format_args!("  {:<30}{}", "to the answer, ms", Row(report.to_answer_ms)));
    pushback(report.pushback, console);
    console.line(format_args!("  {}", report.verdict.bottleneck.told()));
    for reason in &report.verdict.reasons {
        console.line(format_args!("    {reason}"));
    }
    failures(report, console);
}

fn pushback(told: Pushback, console: &Console) {
    if told.total() > 0 {
        let Pushback { too_many_requests, unavailable, gateway, in_progress, no_answer } = told;
        console.line(format_args!(
            "  asked again: {too_many_requests} after 429, {unavailable} after 503, {gateway} after 502 or 504, {in_progress} after 409, \
             {no_answer} without an answer"
        ));
    }
}

fn failures(report: &Report, console: &Console) {
    for failed in report.failures.iter().take(SHOWN) {
        let order = failed.order_id.map_or_else(String::new, |id| format!(" ({id})"));
        console.line(format_args!("  order {}, {}{order}: {}", failed.number, failed.kind, failed.what));
    }
    let more = report.orders.failed.saturating_sub(SHOWN as u64);
    if more > 0 {
        console.line(format_args!("  and {more} more; --json FILE has the first {}", report.failures.len()));
    }
}

/// What the columns are.
struct Heads;

impl fmt::Display for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ["orders", "p50", "p90", "p99", "p99.9", "max"].iter().try_for_each(|head| write!(f, " {head:>9}"))
    }
}

struct Row(Percentiles);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Percentiles { count, p50, p90, p99, p999, max, .. } = self.0;
        write!(f, " {count:>9}")?;
        [p50, p90, p99, p999, max].iter().try_for_each(|time| write!(f, " {time:>9.1}"))
    }
}
