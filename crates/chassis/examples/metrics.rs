//! What counting costs: `cargo run --release -p chassis --example metrics`.
//!
//! Each line is the best of several rounds on one thread, in nanoseconds per call; nobody else counts meanwhile.

#![expect(clippy::print_stdout, reason = "the figures are its output")]

use std::{hint::black_box, time::Duration};

use chassis::{
    metrics::{CALL_SECONDS, Error, Format, Metrics, Series, exposition},
    platform::Platform,
    trace::Trace,
};
use tokio::time::Instant;

const ROUNDS: usize = 10;
const CALLS: u32 = 200_000;

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const LABELS: &[&str] = &["method", "route", "status"];

fn main() -> Result<(), Error> {
    let metrics = Metrics::new("greetings", "rest", &Platform::system())?;
    let sampled: Option<Trace> = SAMPLED.parse().ok();
    let durations = metrics.histogram("work_duration_seconds", "How long it took.", LABELS, CALL_SECONDS)?;
    let counter = metrics.counter("works_total", "Works.", LABELS)?;
    let series = Series::<3, _>::default();
    let labels = ["POST", "/v1/orders/{id}/place", "200"];
    let resolved = durations.with(&labels);
    let took = Duration::from_micros(730);

    let count = counter.with_label_values(&labels);
    tell("a counter, its labels resolved before", || count.inc());
    tell("a counter, its labels looked up", || counter.with_label_values(black_box(&labels)).inc());
    tell("a duration, its labels resolved before", || resolved.time(black_box(took), None));
    tell("a duration of a sampled trace", || resolved.time(black_box(took), sampled.as_ref()));
    tell("a duration, its labels looked up", || {
        series.of(black_box(labels), |labels| durations.with(&labels)).time(took, None);
    });

    for route in 0..200 {
        durations.with(&["GET", &format!("/v1/{route}"), "200"]).time(took, sampled.as_ref());
    }
    for format in [Format::Text, Format::OpenMetrics] {
        let begun = Instant::now();
        let text = exposition([&metrics], format)?;
        let (took, bytes) = (begun.elapsed(), text.len());
        println!("{:>45} {took:>10.1?} for {bytes} bytes", format!("{format:?} of 200 histograms"));
    }
    Ok(())
}

fn tell(what: &str, call: impl Fn()) {
    let round = || {
        let begun = Instant::now();
        (0..CALLS).for_each(|_| call());
        begun.elapsed() / CALLS
    };
    let best = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
    println!("{what:>45} {:>7} ns", best.as_nanos());
}
