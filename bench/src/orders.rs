//! Orders to their outcome, by `switchyard load` on `switchyard up`: both in processes of their own, on the same machine.

use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::{
    Failure,
    figures::median,
    model::{self, Part},
    program::{self, Setting, System},
    report::Row,
    scrape::{Databases, Done, Projected},
};

/// Orders of one round, the first of which are not measured.
const ORDERS: u64 = 4000;
const WARM_UP: u64 = 500;
const CLIENTS: u16 = 64;
/// As many as it takes for a system to be as busy as it can be: more transactions share a commit.
const MANY_CLIENTS: u16 = 256;

/// What the goals are, in orders a second, or this part of the ceiling if that is less.
const GOAL: f64 = 1000.0;
const PART_OF_THE_CEILING: f64 = 0.3;

/// Orders a second, whatever becomes of those before: half of the goal.
const RATE: f64 = GOAL / 2.0;

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

/// One style in a closed loop, as a round has seen it, with the ceilings for what it did.
struct Closed {
    load: Load,
    /// Processor time of the system, in milliseconds for each order, with its part of the making of customers and products.
    processor_ms: f64,
    /// What all databases have done for an order.
    order: Done,
    files: f64,
    /// Orders a second on bare SQLite: by the rows of the goals, and by those that were seen.
    ceiling: f64,
    seen_ceiling: f64,
}

/// One style at a fixed rate, as a round has seen it.
struct Open {
    load: Load,
    /// In milliseconds, in a style that has views.
    projected_p99: Option<f64>,
}

/// Measures each style in turn with the ceilings for what it did, then at half of the rate that is its goal.
pub(crate) async fn rows(styles: &[&'static str], rounds: usize) -> Result<Vec<Row>, Failure> {
    let mut seen: Vec<(Vec<Closed>, Vec<Load>, Vec<Open>)> =
        styles.iter().map(|_| Default::default()).collect();
    for _ in 0..rounds {
        for (style, (closed, busy, open)) in styles.iter().zip(&mut seen) {
            closed.push(self::closed(style).await?);
            busy.push(self::busy(style).await?);
            open.push(self::open(style).await?);
        }
    }
    let of_each = styles.iter().zip(seen);
    Ok(of_each
        .flat_map(|(style, (closed, busy, open))| {
            [told(style, &closed, &busy), told_at_rate(style, &open)].concat()
        })
        .collect())
}

fn told(style: &str, seen: &[Closed], busy: &[Load]) -> Vec<Row> {
    let each = |read: fn(&Closed) -> f64| median(seen.iter().map(read));
    let (rate, ceiling) = (each(|it| it.load.throughput.after_warm_up), each(|it| it.ceiling));
    let seen_ceiling = each(|it| it.seen_ceiling);
    let busy = median(busy.iter().map(|it| it.throughput.after_warm_up));
    // The higher ceiling asks for more.
    let goal = f64::min(GOAL, PART_OF_THE_CEILING * f64::max(ceiling, seen_ceiling));
    let named = |what: &str| format!("`{style}`, {what}");
    // Then it is the generator's rate, and says little of the system.
    let of_whom = if seen.iter().any(|it| it.load.verdict.bottleneck == "generator") {
        " (that of the generator)"
    } else {
        ""
    };
    let rows_seen = format!(
        "the same, the model with its {:.0} rows in {:.0} files",
        each(|it| it.order.rows()),
        each(|it| it.files)
    );
    vec![
        Row::new(named(&format!("orders to the outcome, {CLIENTS} clients{of_whom}")), rate, "orders/s")
            .beside("bare SQLite", ceiling)
            .at_least(goal),
        Row::new(named(&format!("the same, {MANY_CLIENTS} clients")), busy, "orders/s").at_least(goal),
        Row::new(named(&rows_seen), rate, "orders/s").beside("bare SQLite", seen_ceiling),
        Row::new(named("rows changed by an order"), each(|it| it.order.changes), "")
            .beside("model", model::CHANGES as f64),
        Row::new(named("rows read by an order"), each(|it| it.order.reads), "")
            .beside("model", model::READS as f64),
        Row::new(named("transactions of an order"), each(|it| it.order.works), ""),
        Row::new(named("transactions in a commit"), each(|it| it.order.group()), ""),
        Row::new(named("processor time of an order"), each(|it| it.processor_ms), "ms"),
        Row::new(named(&format!("p99 with {CLIENTS} clients")), each(|it| it.load.to_outcome_ms.p99), "ms"),
    ]
}

fn told_at_rate(style: &str, seen: &[Open]) -> Vec<Row> {
    let each = |read: fn(&Open) -> f64| median(seen.iter().map(read));
    let named = |what: &str| format!("`{style}`, {what} at {RATE:.0} orders/s, open loop");
    let mut rows = vec![
        Row::new(named("p50"), each(|it| it.load.to_outcome_ms.p50), "ms"),
        Row::new(named("p99"), each(|it| it.load.to_outcome_ms.p99), "ms").at_most(250.0),
    ];
    let projected: Vec<_> = seen.iter().filter_map(|it| it.projected_p99).collect();
    if !projected.is_empty() {
        rows.push(Row::new(named("p99 until it is in the views,"), median(projected), "ms").at_most(150.0));
    }
    rows
}

async fn closed(style: &'static str) -> Result<Closed, Failure> {
    let system = System::start(&Setting::of(style)).await?;
    // A system that has just been started warms up. What is counted from here on has the making of the next run's customers and
    // products in it, spread over its orders.
    load(&system, style, &["--orders", "64", "--warm-up", "0"]).await?;
    let (before, spent) = (Databases::of(&system).await?, system.processor_time()?);
    let load = in_a_loop(&system, style, CLIENTS).await?;
    let done = Databases::of(&system).await?.since(&before);
    let processor_ms = (system.processor_time()? - spent) * 1000.0 / ORDERS as f64;
    system.stop().await?;
    let done: Vec<Done> = done.into_iter().map(|done| done.of_each(ORDERS as f64)).collect();
    let order = done.iter().copied().fold(Done::default(), Done::plus);
    let files = done.len() as f64;
    let ceilings = tokio::task::spawn_blocking(move || {
        let parts: Vec<Part> = done.into_iter().map(Done::part).collect();
        Ok::<_, Failure>((model::orders(&model::evenly(order.works, order.group()))?, model::orders(&parts)?))
    });
    let (ceiling, seen_ceiling) = ceilings.await??;
    Ok(Closed { load, processor_ms, order, files, ceiling, seen_ceiling })
}

/// As [`closed`], with many clients.
async fn busy(style: &'static str) -> Result<Load, Failure> {
    let system = System::start(&Setting::of(style)).await?;
    load(&system, style, &["--orders", "256", "--warm-up", "0", "--concurrency", "256"]).await?;
    let load = in_a_loop(&system, style, MANY_CLIENTS).await?;
    system.stop().await?;
    Ok(load)
}

/// So many clients, each of which waits for the outcome of its order before it sends the next.
async fn in_a_loop(system: &System, style: &str, clients: u16) -> Result<Load, Failure> {
    let (orders, warm_up, clients) = (ORDERS.to_string(), WARM_UP.to_string(), clients.to_string());
    load(system, style, &["--orders", &orders, "--warm-up", &warm_up, "--concurrency", &clients]).await
}

/// Orders at a rate, and how long what happens takes into the views of a style that has them.
async fn open(style: &'static str) -> Result<Open, Failure> {
    let system = System::start(&Setting::of(style)).await?;
    load(&system, style, &["--orders", "500", "--warm-up", "0", "--concurrency", "64"]).await?;
    let before = Projected::of(&system).await?;
    let rate = RATE.to_string();
    // However far it falls behind, every order is sent, and counts from when it should have been.
    let at_rate =
        ["--rate", &rate, "--duration", "8s", "--concurrency", "512", "--warm-up", "200", "--backlog", "60s"];
    let load = load(&system, style, &at_rate).await?;
    let projected_p99 = Projected::of(&system).await?.p99_since(&before);
    system.stop().await?;
    Ok(Open { load, projected_p99 })
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
