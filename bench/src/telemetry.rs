//! What it costs to be seen: logs at `info` and traces of one order in a hundred, beside neither. Metrics are always on.

use test_support::collector::Collector;

use crate::{
    Failure,
    figures::median,
    orders::load,
    program::{Setting, System},
    report::Row,
};

const LOAD: [&str; 6] = ["--orders", "4000", "--warm-up", "500", "--concurrency", "64"];

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
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        without.push(throughput(style, &off).await?);
        with.push(throughput(style, &on).await?);
    }
    if collector.spans().is_empty() {
        return Err("no span came to the collector".into());
    }
    let without = median(without);
    let name = format!("`{style}`, with logs at info and 1 % of the traces");
    let row = Row::new(name, median(with), "orders/s").beside("with neither", without);
    Ok(vec![row.at_least(0.9 * without)])
}

async fn throughput(style: &'static str, setting: &Setting) -> Result<f64, Failure> {
    let system = System::start(setting).await?;
    let told = load(&system, style, &LOAD).await?;
    system.stop().await?;
    Ok(told.throughput.after_warm_up)
}
