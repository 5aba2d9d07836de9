//! What a span costs, in nanoseconds: where its trace is sampled, and where it is not.
//! `cargo run --release -p chassis --example spans`; docs/decisions/0006-traces.md keeps the figures.
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use chassis::{
    config::Env,
    platform::Platform,
    telemetry::{self, LogFormat, Logging},
    trace::{Trace, child_of},
    traces::{Config, Traces},
};
use tokio::time::Instant;

const MANY: u32 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Nobody listens there; there is room for every span that is made here.
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317");
    let mut env = Env::from([
        endpoint,
        ("OTEL_BSP_MAX_QUEUE_SIZE", "400000"),
        ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "400000"),
    ]);
    let config = Config::from_env(&mut env);
    env.finish()?;
    let platform = Platform::system();
    let traces = Traces::start("spans", config, &platform);
    let place = Trace::new([1, 2, 3]);

    measure("a span, nothing recorded by this process", span);
    let logging = Logging { format: LogFormat::Json, level: "warn".to_owned() };
    telemetry::init("spans", &logging, &traces)?;

    measure("a span, not sampled", span);
    measure("a step that goes on from a place, not sampled", || step(&place));
    let (around, _) = step(&place.sampled(true));
    around.in_scope(|| {
        measure("a span, sampled", || span().in_scope(|| ()));
    });
    measure("a step that goes on from a place, sampled", || step(&place.sampled(true)).0.in_scope(|| ()));
    Ok(())
}

fn span() -> tracing::Span {
    tracing::info_span!("step", order.lines = 3)
}

fn step(place: &Trace) -> (tracing::Span, Trace) {
    child_of(place, || {
        tracing::info_span!("step", otel.kind = "consumer", order.lines = 3, about = "order.id=7")
    })
}

/// The best of a few runs, since others use this machine, too.
fn measure<T>(what: &str, mut make: impl FnMut() -> T) {
    let runs = (0..3).map(|_| {
        let begun = Instant::now();
        (0..MANY / 3).for_each(|_| drop(make()));
        begun.elapsed() / (MANY / 3)
    });
    println!("{:>6} ns  {what}", runs.min().unwrap_or_default().as_nanos());
}
