//! Orders to their outcome, by `switchyard load` on `switchyard up`: both in processes of their own, on the same machine.

use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::{
    Failure,
    figures::median,
    model::{self, Shape},
    program::{self, Setting, System},
    report::Row,
    scrape::{Databases, projection_p99},
};

/// Orders of one round, the first of which are not measured.
const ORDERS: u64 = 4000;
const WARM_UP: u64 = 500;
const CLIENTS: u16 = 64;

/// What the goals are, in orders a second, or this part of the ceiling if that is less.
const GOAL: f64 = 1000.0;
const PART_OF_THE_CEILING: f64 = 0.3;

/// What `load` tells of a run.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Load {
    pub(crate) throughput: Throughput,
    to_outcome_ms: Percentiles,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Throughput {
    pub(crate) after_warm_up: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Percentiles {
    p50: f64,
    p99: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct Verdict {
    bottleneck: String,
}

/// One style in a closed loop, as a round has seen it.
struct Seen {
    load: Load,
    /// Processor time of the system, in milliseconds for each order, with its part of the making of customers and products.
    processor_ms: f64,
    shape: Shape,
}

/// Measures each style in turn with the ceiling for what it did, then at half of the rate that is its goal.
pub(crate) async fn rows(styles: &[&'static str], rounds: usize) -> Result<Vec<Row>, Failure> {
    let mut seen: Vec<Vec<(Seen, f64)>> = styles.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (style, seen) in styles.iter().zip(&mut seen) {
            let closed = closed(style).await?;
            let shape = closed.shape;
            let ceiling = tokio::task::spawn_blocking(move || model::orders(shape)).await??;
            seen.push((closed, ceiling));
        }
    }
    let mut rows = Vec::new();
    for (style, seen) in styles.iter().zip(seen) {
        let each = |read: fn(&Seen) -> f64| median(seen.iter().map(|(seen, _)| read(seen)));
        let ceiling = median(seen.iter().map(|(_, ceiling)| *ceiling));
        let goal = f64::min(GOAL, PART_OF_THE_CEILING * ceiling);
        let (transactions, group) = (each(|it| it.shape.transactions), each(|it| it.shape.group));
        let name = format!("`{style}`, orders to the outcome, {CLIENTS} clients");
        let rate = Row::new(name, each(|it| it.load.throughput.after_warm_up), "orders/s");
        rows.push(rate.beside("bare SQLite", ceiling).at_least(goal));
        rows.push(Row::new(format!("`{style}`, transactions of an order"), transactions, ""));
        rows.push(Row::new(format!("`{style}`, transactions in a commit"), group, ""));
        rows.push(Row::new(
            format!("`{style}`, processor time of an order"),
            each(|it| it.processor_ms),
            "ms",
        ));
        rows.push(Row::new(
            format!("`{style}`, p99 with {CLIENTS} clients"),
            each(|it| it.load.to_outcome_ms.p99),
            "ms",
        ));
        let (open, projected) = open(style, goal / 2.0, rounds).await?;
        let name = format!("`{style}`, p50 at {:.0} orders/s, open loop", goal / 2.0);
        rows.push(Row::new(name, median(open.iter().map(|it| it.to_outcome_ms.p50)), "ms"));
        let name = format!("`{style}`, p99 at {:.0} orders/s, open loop", goal / 2.0);
        rows.push(Row::new(name, median(open.iter().map(|it| it.to_outcome_ms.p99)), "ms").at_most(250.0));
        if !projected.is_empty() {
            let name = format!("`{style}`, p99 until it is in the views, at the same rate");
            rows.push(Row::new(name, median(projected), "ms").at_most(150.0));
        }
    }
    Ok(rows)
}

async fn closed(style: &'static str) -> Result<Seen, Failure> {
    let system = System::start(&Setting::of(style)).await?;
    // A system that has just been started warms up. What is counted from here on has the making of the next run's customers and
    // products in it, spread over its orders.
    load(&system, style, &["--orders", "64", "--warm-up", "0"]).await?;
    let (before, spent) = (Databases::of(&system).await?, system.processor_time()?);
    let (orders, warm_up, clients) = (ORDERS.to_string(), WARM_UP.to_string(), CLIENTS.to_string());
    let load = load(&system, style, &["--orders", &orders, "--warm-up", &warm_up, "--concurrency", &clients])
        .await?;
    if load.verdict.bottleneck == "generator" {
        return Err("the generator was the bottleneck".into());
    }
    let done = Databases::of(&system).await?.since(before);
    let processor_ms = (system.processor_time()? - spent) * 1000.0 / ORDERS as f64;
    system.stop().await?;
    let shape = Shape { transactions: done.works / ORDERS as f64, group: done.group() };
    Ok(Seen { load, processor_ms, shape })
}

/// Orders at a rate, and how long what happens takes into the views of a style that has them.
async fn open(style: &'static str, rate: f64, rounds: usize) -> Result<(Vec<Load>, Vec<f64>), Failure> {
    let (mut loads, mut projected) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let system = System::start(&Setting::of(style)).await?;
        let rate = format!("{rate:.1}");
        let at_rate = ["--rate", &rate, "--duration", "8s", "--concurrency", "512", "--warm-up", "200"];
        loads.push(load(&system, style, &at_rate).await?);
        projected.extend(projection_p99(&system).await?);
        system.stop().await?;
    }
    Ok((loads, projected))
}

/// Sends orders that complete, and tells how that went.
pub(crate) async fn load(system: &System, style: &str, more: &[&str]) -> Result<Load, Failure> {
    let report = tempfile::NamedTempFile::new()?;
    let mut command = Command::new(program::path()?);
    command.args(["load", "--style", style, "--mix", "completed=1", "--seed", "1"]);
    command.args(["--gateway", &system.gateway, "--admin", &system.admin]).args(more);
    command.arg("--json").arg(report.path()).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await?;
    if !output.status.success() {
        return Err(format!("load: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let reports: Vec<Load> = serde_json::from_slice(&std::fs::read(report.path())?)?;
    reports.into_iter().next().ok_or_else(|| "load has reported nothing".into())
}
