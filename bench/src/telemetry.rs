//! What it costs to be seen: logs at `info` and traces of one order in a hundred, beside neither. Metrics are always on.
//!
//! Two systems stand beside each other, one of which is told to be silent, and get the same load in turns; who is first changes from
//! pair to pair, so that a machine that becomes slower is so for both. What is told is the mean over the pairs, and its spread.

use test_support::collector::Collector;

use crate::{
    Failure,
    figures::{mean, median},
    orders::load,
    program::{Setting, System},
    report::Row,
};

const ORDERS: u64 = 2500;

/// Pairs of a round.
const PAIRS: usize = 3;

/// One load on one of the systems.
struct Seen {
    per_second: f64,
    processor_ms: f64,
}

/// One style with telemetry and without, in turns.
pub(crate) async fn rows(style: &'static str, rounds: usize) -> Result<Vec<Row>, Failure> {
    let collector = Collector::start();
    let off = Setting::of(style).with("LOG_LEVEL", "off");
    let on = Setting::of(style)
        .with("LOG_LEVEL", "info")
        .with("LOG_FORMAT", "json")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        .with("OTEL_TRACES_SAMPLER_ARG", "0.01");
    let (on, off) = (System::start(&on).await?, System::start(&off).await?);
    for system in [&on, &off] {
        load(system, style, &["--orders", "500", "--warm-up", "0"]).await?;
    }
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for pair in 0..rounds * PAIRS {
        if pair % 2 == 0 {
            with.push(measure(style, &on).await?);
            without.push(measure(style, &off).await?);
        } else {
            without.push(measure(style, &off).await?);
            with.push(measure(style, &on).await?);
        }
    }
    on.stop().await?;
    off.stop().await?;
    if collector.spans().is_empty() {
        return Err("no span came to the collector".into());
    }
    Ok(told(style, &with, &without))
}

fn told(style: &str, with: &[Seen], without: &[Seen]) -> Vec<Row> {
    let ratios = |read: fn(&Seen) -> f64| -> Vec<f64> {
        with.iter().zip(without).map(|(with, without)| 100.0 * read(with) / read(without)).collect()
    };
    let each = |seen: &[Seen], read: fn(&Seen) -> f64| median(seen.iter().map(read));
    let (part, spread) = mean(&ratios(|it| it.per_second));
    let (cost, cost_spread) = mean(&ratios(|it| it.processor_ms));
    let named = |what: &str| format!("`{style}`, {what}");
    let rate = each(with, |it| it.per_second);
    vec![
        Row::new(named("with logs at info and 1 % of the traces"), rate, "orders/s")
            .beside("with neither", each(without, |it| it.per_second)),
        Row::new(named(&format!("part of the throughput that is left, {} pairs", with.len())), part, "%")
            .give_or_take(spread)
            .at_least(90.0),
        Row::new(named("processor time with them, of that with neither"), cost, "%")
            .give_or_take(cost_spread),
    ]
}

async fn measure(style: &'static str, system: &System) -> Result<Seen, Failure> {
    let spent = system.processor_time()?;
    let orders = ORDERS.to_string();
    let told = load(system, style, &["--orders", &orders, "--warm-up", "250", "--concurrency", "64"]).await?;
    let processor_ms = (system.processor_time()? - spent) * 1000.0 / ORDERS as f64;
    Ok(Seen { per_second: told.throughput.after_warm_up, processor_ms })
}
